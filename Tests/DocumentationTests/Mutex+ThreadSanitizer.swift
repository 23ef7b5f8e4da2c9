// Part of Omnibus, an embeddable event bus for Swift.
// SPDX-License-Identifier: Apache-2.0

#if OMNIBUS_THREAD_SANITIZER
    import Omnibus

    // This module's declaration wins over both that are imported.
    typealias Mutex<Value: ~Copyable> = OmnibusCore.Mutex<Value>
#endif
