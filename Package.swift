// swift-tools-version: 6.2
// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

/// What every target is compiled with, beyond the Swift 6 language mode.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
]

/// A library module of ours and the modules that it may import: the arrows of `Docs/Architecture.md`.
struct Module {
    var name: String
    var imports: [String] = []
    var testImports: [String] = []
}

let modules = [
    Module(name: "OmnibusJSON"),
    Module(name: "CloudEvents", imports: ["OmnibusJSON"]),
    Module(name: "CloudEventsFoundation", imports: ["CloudEvents", "OmnibusJSON"]),
    Module(
        name: "OmnibusCore",
        imports: ["CloudEvents", "OmnibusJSON"],
        testImports: ["CloudEventsFoundation", "OmnibusTesting"]
    ),
    Module(
        name: "OmnibusInMemory",
        imports: ["OmnibusCore", "CloudEvents", "OmnibusJSON"],
        testImports: ["OmnibusTesting"]
    ),
    Module(
        name: "Omnibus",
        imports: ["OmnibusInMemory", "OmnibusCore", "CloudEventsFoundation", "CloudEvents", "OmnibusJSON"],
        testImports: ["OmnibusTesting"]
    ),
    Module(name: "OmnibusAgents", imports: ["Omnibus"], testImports: ["OmnibusTesting"]),
    Module(name: "OmnibusTesting", imports: ["Omnibus"]),
]

/// A library of the system, behind a trait.
struct SystemLibrary {
    /// The trait that unlocks it; its module in `Sources/CLibraries` is called `COmnibus…` and has the header.
    var trait: String
    /// What the trait says for itself.
    var description: String
    var module: String
    /// The packages of Debian and of Homebrew that bring the header.
    var packages: (debian: String, homebrew: String)
}

/// A library module over system libraries. Its `Client/` folder is compiled with their traits alone, the rest always.
struct LibraryModule {
    var name: String
    var imports: [String]
    var libraries: [SystemLibrary]
}

let libraryModules = [
    LibraryModule(
        name: "OmnibusYAML",
        imports: ["Omnibus"],
        libraries: [
            SystemLibrary(
                trait: "YAML",
                description: "Unlocks OmnibusYAML: configurations in YAML, by libyaml.",
                module: "COmnibusYAML",
                packages: ("libyaml-dev", "libyaml")
            )
        ]
    ),
    LibraryModule(
        name: "OmnibusCompression",
        imports: ["Omnibus"],
        libraries: [
            SystemLibrary(
                trait: "Gzip",
                description: "Unlocks gzip in OmnibusCompression, by zlib.",
                module: "COmnibusZlib",
                packages: ("zlib1g-dev", "zlib")
            ),
            SystemLibrary(
                trait: "Brotli",
                description: "Unlocks Brotli in OmnibusCompression, by libbrotli.",
                module: "COmnibusBrotli",
                packages: ("libbrotli-dev", "brotli")
            ),
            SystemLibrary(
                trait: "Snappy",
                description: "Unlocks Snappy in OmnibusCompression, by libsnappy.",
                module: "COmnibusSnappy",
                packages: ("libsnappy-dev", "snappy")
            ),
            SystemLibrary(
                trait: "LZ4",
                description: "Unlocks LZ4 in OmnibusCompression, by liblz4.",
                module: "COmnibusLZ4",
                packages: ("liblz4-dev", "lz4")
            ),
            SystemLibrary(
                trait: "Zstd",
                description: "Unlocks Zstandard in OmnibusCompression, by libzstd.",
                module: "COmnibusZstd",
                packages: ("libzstd-dev", "zstd")
            ),
        ]
    ),
]

let systemLibraries = libraryModules.flatMap(\.libraries)

/// What a user's own target may be compiled with: the documentation's call sites have to compile with each of these.
let documentationSettings: [(name: String, settings: [SwiftSetting])] = [
    ("DocumentationTests", settings),
    ("DocumentationSwift5Tests", [.swiftLanguageMode(.v5)]),
    ("DocumentationMainActorTests", [.defaultIsolation(MainActor.self)]),
]

/// A program in `Examples/`, named after its folder; all of them need nothing but the bus and what tests it.
let examples: [String] = [
    "01-first-event",
    "02-topics-and-patterns",
    "03-groups",
    "04-failing-and-redriving",
    "05-request-and-reply",
    "06-find-a-race",
    "07-service",
    "08-from-a-file",
    "agent-pipeline",
]

let package = Package(
    name: "swift-omnibus",
    platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
    products: (modules.map(\.name) + libraryModules.map(\.name)).map { .library(name: $0, targets: [$0]) }
        + [
            .executable(name: "cloudevents-convert", targets: ["CloudEventsConvert"]),
            .executable(name: "omnibus-simulate", targets: ["OmnibusSimulate"]),
            .executable(name: "omnibus-soak", targets: ["OmnibusSoak"]),
        ],
    traits: Set(systemLibraries.map { .trait(name: $0.trait, description: $0.description) }),
    targets: modules.flatMap { module -> [Target] in
        [
            .target(
                name: module.name,
                dependencies: module.imports.map { .byName(name: $0) },
                swiftSettings: settings
            ),
            .testTarget(
                name: "\(module.name)Tests",
                dependencies: ([module.name] + module.imports + module.testImports).map { .byName(name: $0) },
                swiftSettings: settings
            ),
        ]
    }
        + systemLibraries.map {
            .systemLibrary(
                name: $0.module,
                path: "Sources/CLibraries/\($0.module)",
                providers: [.apt([$0.packages.debian]), .brew([$0.packages.homebrew])]
            )
        }
        + libraryModules.flatMap { module -> [Target] in
            [
                .target(
                    name: module.name,
                    dependencies: module.imports.map { .byName(name: $0) }
                        + module.libraries.map { .target(name: $0.module, condition: .when(traits: [$0.trait])) },
                    swiftSettings: settings
                ),
                .testTarget(
                    name: "\(module.name)Tests",
                    dependencies: ([module.name] + module.imports).map { .byName(name: $0) },
                    swiftSettings: settings
                ),
            ]
        }
        + documentationSettings.map {
            .testTarget(
                name: $0.name,
                dependencies: ["Omnibus", "OmnibusAgents", "OmnibusTesting"],
                swiftSettings: $0.settings
            )
        }
        + examples.map {
            .executableTarget(
                name: $0,
                dependencies: $0 == "06-find-a-race" ? ["Omnibus", "OmnibusTesting"] : ["Omnibus"],
                path: "Examples/\($0)",
                exclude: $0 == "08-from-a-file" ? ["README.md", "bus.json"] : ["README.md"],
                swiftSettings: settings
            )
        }
        + [
            .executableTarget(
                name: "CloudEventsConvert",
                dependencies: ["CloudEvents", "OmnibusJSON"],
                swiftSettings: settings
            ),
            .testTarget(
                name: "CloudEventsConvertTests",
                dependencies: ["CloudEventsConvert", "CloudEvents", "OmnibusJSON"],
                swiftSettings: settings
            ),
            .executableTarget(
                name: "OmnibusSimulate",
                dependencies: ["OmnibusTesting", "Omnibus", "OmnibusInMemory", "OmnibusCore"],
                swiftSettings: settings
            ),
            .executableTarget(name: "OmnibusSoak", dependencies: ["Omnibus", "OmnibusCore"], swiftSettings: settings),
            .testTarget(
                name: "OmnibusSimulateTests",
                dependencies: ["OmnibusSimulate", "OmnibusTesting", "Omnibus", "OmnibusCore"],
                swiftSettings: settings
            ),
            .testTarget(
                name: "AgentPipelineTests",
                dependencies: ["agent-pipeline", "Omnibus"],
                swiftSettings: settings
            ),
        ],
    swiftLanguageModes: [.v6]
)
