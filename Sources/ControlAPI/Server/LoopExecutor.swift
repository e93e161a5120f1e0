import NIOCore

/// Runs the task of a connection on the event loop of the connection, where every octet comes in and goes out: on the pool
/// of all tasks each request would wake two more threads.
///
/// What blocks does not belong here either; ``Lanes`` takes it.
final class LoopExecutor: TaskExecutor {
    let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
