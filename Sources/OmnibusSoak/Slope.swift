// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

/// The straight line that fits points best, by least squares.
struct Slope {
    /// How much y changes with each unit of x; 0 for fewer than two points.
    let value: Double

    init(_ points: [(x: Double, y: Double)]) {
        let count = Double(points.count)
        guard points.count > 1 else {
            self.value = 0
            return
        }
        let meanX = points.reduce(0) { $0 + $1.x } / count
        let meanY = points.reduce(0) { $0 + $1.y } / count
        let above = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
        let below = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
        self.value = below == 0 ? 0 : above / below
    }
}
