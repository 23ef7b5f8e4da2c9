// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

// One publisher, one listener of Node's own EventEmitter, called in place: inline.mjs COUNT prints the nanoseconds that
// one message took.
import { EventEmitter } from "node:events";

function inline(count) {
  const emitter = new EventEmitter();
  let sum = 0;
  let handled = 0;
  emitter.on("bench.tick", (event) => {
    sum += event.n;
    handled += 1;
  });

  const start = process.hrtime.bigint();
  for (let n = 0; n < count; n += 1) {
    emitter.emit("bench.tick", { n, name: "tick" });
  }
  const elapsed = process.hrtime.bigint() - start;

  if (handled !== count || sum !== (count * (count - 1)) / 2) {
    throw new Error("the handler did not see every message");
  }
  return Number(elapsed) / count;
}

const count = Number(process.argv[2]);
inline(Math.floor(count / 10) + 1); // warm-up
console.log(inline(count).toFixed(1));
