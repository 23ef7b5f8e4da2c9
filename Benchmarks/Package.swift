// swift-tools-version: 6.2
// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "omnibus-benchmarks",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "omnibus-bench", targets: ["OmnibusBench"])],
    dependencies: [.package(name: "swift-omnibus", path: "..")],
    targets: [
        .target(name: "CAllocationCount"),
        .executableTarget(
            name: "OmnibusBench",
            dependencies: ["CAllocationCount", .product(name: "Omnibus", package: "swift-omnibus")],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),  // SE-0335
                .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
                .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
