// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import CloudEvents
import Foundation
import Synchronization

/// Threads that do the same at the same time, and what they wait on to do so.
final class Crowd: Sendable {
    private let size: Int
    private let stackSize: Int?
    private let arrived = DispatchGroup()
    private let done = DispatchGroup()

    /// Creates a crowd of so many threads, each with a stack of so many bytes.
    init(expecting size: Int, stackSize: Int? = nil) {
        self.size = size
        self.stackSize = stackSize
        for _ in 0..<size { self.arrived.enter() }
    }

    /// Does the work on every thread, and returns when all are done.
    func run(_ work: @escaping @Sendable () -> Void) {
        for _ in 0..<self.size {
            self.done.enter()
            let thread = Thread {
                self.arrived.leave()
                work()
                self.done.leave()
            }
            if let stackSize = self.stackSize { thread.stackSize = stackSize }
            thread.start()
        }
        self.done.wait()
    }

    /// Waits until every thread is about to do the work.
    func waitForAll() {
        self.arrived.wait()
    }
}

/// A codec that is not done with encoding before every thread of a crowd has asked for the bytes.
final class WaitingCodec: PayloadCodec {
    let contentType = "text/waiting"
    private let crowd: Crowd
    private let count = Atomic(0)

    init(crowd: Crowd) {
        self.crowd = crowd
    }

    var encoded: Int { self.count.load(ordering: .relaxed) }

    func encode(_ value: some Encodable) throws -> [UInt8] {
        let number = self.count.add(1, ordering: .relaxed).newValue
        self.crowd.waitForAll()
        return [UInt8(truncatingIfNeeded: number)]
    }

    func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        throw CountingCodec.Failure()
    }
}

/// A codec that fails the first time.
final class RecoveringCodec: PayloadCodec {
    let contentType = "text/recovering"
    private let count = Atomic(0)

    func encode(_ value: some Encodable) throws -> [UInt8] {
        let number = self.count.add(1, ordering: .relaxed).newValue
        guard number > 1 else { throw CountingCodec.Failure() }
        return [UInt8(truncatingIfNeeded: number)]
    }

    func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        throw CountingCodec.Failure()
    }
}
