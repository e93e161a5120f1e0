import Glibc

/// The thread that waits for the signals that mean something to guardd and, in between, tells the watchdog that it lives.
struct SignalThread {
    let notifier: ServiceNotifier
    let reload: @Sendable () -> Void
    let drain: @Sendable () -> Void

    func start() { startThread { [self] in loop() } }

    private func loop() {
        var set = sigset_t()
        sigemptyset(&set)
        for number in Hardening.ownSignals { sigaddset(&set, number) }
        var draining = false
        while true {
            var limit = timespec(tv_sec: notifier.watchdogInterval ?? 3600, tv_nsec: 0)
            switch sigtimedwait(&set, nil, &limit) {
            case SIGUSR1: if !draining { reload() }
            case SIGUSR2:
                if draining { continue }
                draining = true
                // In a thread of its own, so that the watchdog is fed meanwhile.
                startThread(drain)
            default: break
            }
            if notifier.watchdogInterval != nil { notifier.alive() }
        }
    }
}

/// Runs `body` on a new detached thread, or here when there is none to be had.
func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body)).toOpaque()
    let code = pthread_create(
        &thread, nil,
        { argument in
            if let argument { Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }, box)
    if code == 0 {
        pthread_detach(thread)
    } else {
        Unmanaged<Box>.fromOpaque(box).takeRetainedValue().body()
    }
}
