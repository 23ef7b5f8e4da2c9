// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// Makes the provider that a configuration names.
///
/// An adapter brings one for each of its back ends; a program registers it:
///
/// ```swift
/// let registry = try ProviderRegistry.standard.registering(KafkaBroker.factory)
/// let bus = try EventBus(configuration: configuration, registry: registry)
/// ```
public struct ProviderFactory: Sendable {
    /// The name under which configurations ask for it.
    public let backend: Backend
    /// What its providers do with the sections that not every back end knows; the rest is refused by name.
    public let honours: Set<ConfigurationDemand>

    private let body: @Sendable (Configuration, BusEnvironment) throws(OmnibusError) -> any EventBusProvider

    /// Creates a factory.
    ///
    /// - Parameters:
    ///   - honours: which of the sections that not every back end knows the function pays attention to.
    ///   - make: makes a provider, which is connected later; it throws where the configuration makes no sense for it.
    public init(
        _ backend: Backend,
        honours: Set<ConfigurationDemand>,
        make: @escaping @Sendable (Configuration, BusEnvironment) throws(OmnibusError) -> any EventBusProvider
    ) {
        self.backend = backend
        self.honours = honours
        self.body = make
    }

    /// Makes a provider.
    ///
    /// - Throws: whatever the factory's function throws.
    public func make(
        _ configuration: Configuration,
        environment: BusEnvironment
    ) throws(OmnibusError) -> any EventBusProvider {
        try self.body(configuration, environment)
    }
}

/// The factories that a program has linked, by the names of their back ends.
///
/// It is a value: there is no global list that modules write to behind each other's backs.
public struct ProviderRegistry: Sendable {
    private var factories: [Backend: ProviderFactory] = [:]

    /// Creates a registry without any factory.
    public init() {}

    /// The names that have a factory, in alphabetical order.
    public var backends: [Backend] { self.factories.keys.sorted { $0.rawValue < $1.rawValue } }

    /// Adds a factory.
    ///
    /// - Throws: ``OmnibusError`` with the code `invalidSettings` when its name is taken or cannot be one.
    public mutating func register(_ factory: ProviderFactory) throws(OmnibusError) {
        guard factory.backend.isWellFormed else {
            throw OmnibusError(
                .invalidSettings,
                """
                '\(KeyName.shown(factory.backend.rawValue))' cannot be the name of a back end: \
                it is a lower-case letter, then letters, digits, '_' and '-', 64 in all.
                """
            )
        }
        guard self.factories[factory.backend] == nil else {
            throw OmnibusError(
                .invalidSettings,
                "A factory for '\(factory.backend)' is registered already; register each back end once."
            )
        }
        self.factories[factory.backend] = factory
    }

    /// The registry with one factory more.
    ///
    /// - Throws: as ``register(_:)``.
    public func registering(_ factory: ProviderFactory) throws(OmnibusError) -> ProviderRegistry {
        var registry = self
        try registry.register(factory)
        return registry
    }

    /// The factory of a back end.
    ///
    /// - Throws: ``OmnibusError`` with the code `unsupported`, naming the product to add or the nearest name.
    public func factory(for backend: Backend) throws(OmnibusError) -> ProviderFactory {
        if let factory = self.factories[backend] { return factory }
        throw OmnibusError(.unsupported, self.advice(for: backend) + ".", details: backend.shownName)
    }

    /// What to do about a back end that has no factory.
    package func advice(for backend: Backend) -> String {
        let linked = self.backends.map { "'\($0)'" }.joined(separator: ", ")
        let here = "linked here: \(linked.isEmpty ? "none" : linked)"
        if let product = backend.product {
            return """
                The back end '\(backend)' is not linked (\(here)); add the product '\(product)' and register its factory
                """
        }
        let nearest = KeyName.nearest(
            to: backend.rawValue,
            among: Set(Backend.known + self.backends).map(\.rawValue).sorted()
        )
        // The name itself is not shown: it may be a secret that stands in the wrong place.
        let question = nearest.map { ", did you mean '\($0)'?" } ?? "."
        return "There is no back end of that name (\(here))\(question) Register a factory of it, or choose another one"
    }
}
