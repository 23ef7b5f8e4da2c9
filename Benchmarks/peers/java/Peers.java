// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

import com.google.common.eventbus.EventBus;
import com.google.common.eventbus.Subscribe;
import com.lmax.disruptor.BlockingWaitStrategy;
import com.lmax.disruptor.RingBuffer;
import com.lmax.disruptor.dsl.Disruptor;
import com.lmax.disruptor.dsl.ProducerType;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;

/** What a Java program would do instead of using the bus: Peers QUESTION/CONTESTANT COUNT prints nanoseconds. */
public final class Peers {
    /** The payload: the same fields as the Swift programs' Tick. */
    record Tick(int n, String name) {}

    /** A place in the ring; the payload is made for each message, as it is elsewhere. */
    static final class Slot {
        Tick tick;
    }

    public static void main(String[] arguments) throws Exception {
        String name = arguments[0];
        int count = Integer.parseInt(arguments[1]);
        // Java compiles what is hot while it runs, so that the warm-up is as long as what is measured.
        run(name, count);
        System.out.printf("%.1f%n", (double) run(name, count) / count);
    }

    private static long run(String name, int count) throws Exception {
        return switch (name) {
            case "one-to-one/disruptor" -> oneToOne(count);
            case "inline/guava" -> inline(count);
            default -> throw new IllegalArgumentException("no contestant is called " + name);
        };
    }

    /** One publisher, one handler behind a ring of 4,096: the wait strategy that a program on few cores can afford. */
    private static long oneToOne(int count) throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        long[] sum = {0};
        int[] handled = {0};
        Disruptor<Slot> disruptor = new Disruptor<>(
            Slot::new, 4_096, Executors.defaultThreadFactory(), ProducerType.SINGLE, new BlockingWaitStrategy());
        disruptor.handleEventsWith((slot, sequence, endOfBatch) -> {
            sum[0] += slot.tick.n();
            if (++handled[0] == count) {
                done.countDown();
            }
        });
        RingBuffer<Slot> ring = disruptor.start();

        long start = System.nanoTime();
        for (int n = 0; n < count; n++) {
            long sequence = ring.next();
            ring.get(sequence).tick = new Tick(n, "tick");
            ring.publish(sequence);
        }
        done.await();
        long elapsed = System.nanoTime() - start;

        disruptor.shutdown();
        check(sum[0], count);
        return elapsed;
    }

    /** One publisher, one subscriber of Guava's EventBus, called in place. */
    private static long inline(int count) {
        EventBus bus = new EventBus();
        Listener listener = new Listener();
        bus.register(listener);

        long start = System.nanoTime();
        for (int n = 0; n < count; n++) {
            bus.post(new Tick(n, "tick"));
        }
        long elapsed = System.nanoTime() - start;

        check(listener.sum, count);
        return elapsed;
    }

    /** Guava finds its method by the annotation. */
    public static final class Listener {
        long sum;

        @Subscribe
        public void on(Tick tick) {
            this.sum += tick.n();
        }
    }

    private static void check(long sum, int count) {
        if (sum != (long) count * (count - 1) / 2) {
            throw new IllegalStateException("the handler did not see every message");
        }
    }
}
