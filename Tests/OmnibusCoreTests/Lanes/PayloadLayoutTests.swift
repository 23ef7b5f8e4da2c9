// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import OmnibusCore

@Suite("A value that is moved by its layout")
struct PayloadLayoutTests {
    private final class Object: Sendable {}

    private struct Weak: @unchecked Sendable {
        weak var object: Object?
        var n: Int
    }

    /// Moves a value there and back by a column's layout, and hands it out.
    private func moved<Value: Sendable>(_ value: Value) -> Value {
        let layout = ValueLayout<Value>(priority: .normal)
        let places = UnsafeMutablePointer<Value>.allocate(capacity: 2)
        defer { places.deallocate() }
        places.initialize(to: value)
        layout.moveOne(places, to: places + 1)
        layout.moveOne(places + 1, to: places)
        return places.move()
    }

    @Test("may have any number of words")
    func words() {
        #expect(self.moved("one object on the heap, one word of bits") == "one object on the heap, one word of bits")
        #expect(self.moved(7) == 7)
        let three = self.moved((1, "a text that is longer than fifteen bytes"))
        #expect(three == (1, "a text that is longer than fifteen bytes"))
        #expect(self.moved(("four words of text: one", "four words of text: two")).1 == "four words of text: two")
        #expect(
            self.moved((1, 2, 3, 4, "six words in all, two of them text")).4 == "six words in all, two of them text"
        )
        #expect(self.moved([1, 2, 3]) == [1, 2, 3])
    }

    @Test("need not have whole words, or any")
    func odd() {
        #expect(self.moved((Int32(1), Int32(2), Int32(3))) == (1, 2, 3))
        #expect(self.moved((1, true)) == (1, true))
        #expect(self.moved(UInt8(200)) == 200)
        #expect(self.moved(SIMD4<Double>(1, 2, 3, 4)) == SIMD4(1, 2, 3, 4))
        #expect(self.moved(()) == ())
    }

    @Test("keeps its references, each counted once")
    func references() {
        var object: Object? = Object()
        weak let rest = object
        let kept = object.map { self.moved((1, $0)) }
        object = nil
        #expect(kept?.1 === rest)
        #expect(rest != nil)
    }

    @Test("keeps a weak reference, which is known by its place")
    func weakReference() {
        var object: Object? = Object()
        let kept = self.moved(Weak(object: object, n: 3))
        #expect(kept.object === object)
        #expect(kept.n == 3)
        object = nil
        #expect(kept.object == nil)
    }
}
