//! As in a container: a system call filter like the default one of Docker, which leaves a process
//! without the capability to administer the system.

use std::collections::BTreeMap;
use std::process::Command;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

const INSIDE: &str = "LOCKKEEPER_STRESS_CONTAINER";

/// This test binary again, for one of its tests, which then calls [`enter`].
pub(crate) fn command(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("it is running"));
    command
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1");
    command
}

pub(crate) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Applies the filter to this process, for good.
pub(crate) fn enter() {
    for (rules, answer) in [
        (refused(), libc::EPERM),
        // So that the C library falls back to `clone`, whose flags the filter can read.
        (
            BTreeMap::from([(libc::SYS_clone3, Vec::new())]),
            libc::ENOSYS,
        ),
    ] {
        let architecture = std::env::consts::ARCH.try_into().expect("a known one");
        let answer = SeccompAction::Errno(answer as u32);
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, answer, architecture);
        let program: BpfProgram = filter.and_then(TryInto::try_into).expect("a filter");
        seccompiler::apply_filter_all_threads(&program).expect("it is applied");
    }
}

fn refused() -> BTreeMap<i64, Vec<SeccompRule>> {
    let rule = |arg, op, value| {
        let condition = SeccompCondition::new(arg, SeccompCmpArgLen::Dword, op, value);
        SeccompRule::new(vec![condition.expect("a condition")]).expect("a rule")
    };
    let namespaces = [
        libc::CLONE_NEWNS,
        libc::CLONE_NEWCGROUP,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
    ];
    let mut rules = BTreeMap::from([
        (
            libc::SYS_clone,
            namespaces
                .into_iter()
                .map(|flag| rule(0, SeccompCmpOp::MaskedEq(flag as u64), flag as u64))
                .collect(),
        ),
        // Docker knows the personalities that it allows; this one is not among them.
        (
            libc::SYS_personality,
            vec![rule(0, SeccompCmpOp::Eq, libc::ADDR_NO_RANDOMIZE as u64)],
        ),
    ]);
    for call in [
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_open_tree,
        libc::SYS_move_mount,
        libc::SYS_fsopen,
        libc::SYS_fsmount,
        libc::SYS_fsconfig,
        libc::SYS_fspick,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_userfaultfd,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_open_by_handle_at,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_quotactl,
        libc::SYS_acct,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_reboot,
        libc::SYS_settimeofday,
        libc::SYS_clock_settime,
        libc::SYS_syslog,
        libc::SYS_fanotify_init,
        libc::SYS_lookup_dcookie,
        libc::SYS_vhangup,
        libc::SYS_sethostname,
        libc::SYS_setdomainname,
        libc::SYS_move_pages,
        libc::SYS_mbind,
        libc::SYS_set_mempolicy,
        libc::SYS_get_mempolicy,
        libc::SYS_kcmp,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
    ] {
        rules.insert(call, Vec::new());
    }
    rules
}
