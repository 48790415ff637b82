//! From where the controller looks at processes: whether they could run while it did.

use rustix::thread::CpuSet;

/// A moment of the calling thread's life on its processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vantage {
    pub(crate) processor: u32,
    switches: u64,
}

impl Vantage {
    /// Equal to an earlier one only if nothing else ran on this processor in between.
    pub(crate) fn now() -> Self {
        // SAFETY: the structure is plain data, filled in by the call.
        let usage = unsafe {
            let mut usage = std::mem::zeroed::<libc::rusage>();
            libc::getrusage(libc::RUSAGE_THREAD, &mut usage);
            usage
        };
        Self {
            processor: rustix::thread::sched_getcpu() as u32,
            switches: (usage.ru_nvcsw as u64).wrapping_add(usage.ru_nivcsw as u64),
        }
    }
}

/// Binds the calling thread, and all it starts, to one processor. False when that is refused.
pub(crate) fn bind(processor: usize) -> bool {
    if processor >= CpuSet::MAX_CPU {
        return false;
    }
    let mut set = CpuSet::new();
    set.set(processor);
    rustix::thread::sched_setaffinity(None, &set).is_ok()
}

/// Has the calling thread, and all it starts, run without pushing others off the processor when
/// it wakes: whoever runs goes on until it waits, and the controller hears of all it did at once.
pub(crate) fn yield_to_the_running() {
    // SAFETY: the parameter is plain data that lives through the call.
    unsafe {
        let parameter = std::mem::zeroed::<libc::sched_param>();
        libc::sched_setscheduler(0, libc::SCHED_BATCH, &parameter);
    }
}

/// Returns once every processor has left whatever part of the kernel it could not be interrupted
/// in.
pub(crate) fn wait_for_all_processors() {
    const MEMBARRIER_CMD_GLOBAL: libc::c_int = 1;
    // SAFETY: touches no memory.
    let done = unsafe { libc::syscall(libc::SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) };
    if done != 0 {
        // A kernel that was built without it: such a part takes microseconds.
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
