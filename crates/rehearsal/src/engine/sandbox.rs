//! What keeps the steps of strangers inside their machine's directory and off the network.
//!
//! Layers, each used where the kernel allows it: namespaces (own processes, mounts, IPC and
//! an empty network), Landlock (files), seccomp (no sockets but Unix ones, no tracing, no
//! mounting, no namespaces), a file system of a fixed size. What a machine could not use is
//! reported.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::limits::{DISK, FILES};
use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use crate::real::RealTool;

/// The lockkeeper executable inside a machine's directory: a link, or the file itself where it can
/// be mounted.
pub(crate) const OWN_EXECUTABLE: &str = "bin/.lockkeeper";

/// Enters new namespaces. The caller must fork: its child is process 1 of the new ones.
pub(crate) fn unshare() -> io::Result<()> {
    let (uid, gid) = (
        rustix::process::getuid().as_raw(),
        rustix::process::getgid().as_raw(),
    );
    let flags = libc::CLONE_NEWUSER
        | libc::CLONE_NEWNS
        | libc::CLONE_NEWPID
        | libc::CLONE_NEWNET
        | libc::CLONE_NEWIPC;
    // SAFETY: changes what this single-threaded process belongs to; no memory is involved.
    if unsafe { libc::unshare(flags) } != 0 {
        return Err(io::Error::last_os_error());
    }
    fs::write("/proc/self/setgroups", "deny").ok();
    fs::write("/proc/self/uid_map", format!("{uid} {uid} 1"))?;
    fs::write("/proc/self/gid_map", format!("{gid} {gid} 1"))
}

fn text(path: &Path) -> CString {
    // Paths from the file system hold no NUL; an empty path makes the mount fail, which is handled.
    CString::new(path.as_os_str().as_bytes()).unwrap_or_default()
}

fn mount(source: &Path, target: &Path, kind: Option<&str>, flags: libc::c_ulong) -> io::Result<()> {
    mount_with(source, target, kind, flags, "")
}

fn mount_with(
    source: &Path,
    target: &Path,
    kind: Option<&str>,
    flags: libc::c_ulong,
    options: &str,
) -> io::Result<()> {
    let kind = kind.map(|kind| text(Path::new(kind)));
    let options = text(Path::new(options));
    let (source, target) = (text(source), text(target));
    // SAFETY: all pointers are to NUL-terminated texts that live through the call, or null.
    let result = unsafe {
        libc::mount(
            source.as_ptr(),
            target.as_ptr(),
            kind.as_ref().map_or(std::ptr::null(), |kind| kind.as_ptr()),
            flags,
            options.as_ptr().cast(),
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// What a machine's processes may write to, below its directory, and where they do.
pub(super) const WRITABLE: [&str; 5] = ["rw", "rw/work", "rw/temp", "rw/home", "rw/tmp"];

/// What became of a machine's mounts.
pub(super) struct Mounts {
    /// Where the machine's directory is for its processes.
    pub(super) place: PathBuf,
    /// What they write to is a file system of a fixed size, which nobody else sees.
    pub(super) own_files: bool,
}

/// Gives the machine the same paths in every rehearsal: its directory is `/mnt` (or `/srv`), its
/// `tmp` is `/tmp`, and `/proc` shows its own processes.
pub(super) fn arrange_mounts(
    directory: &Path,
    executable: &Path,
    real: &[RealTool],
) -> io::Result<Mounts> {
    mount(
        Path::new("none"),
        Path::new("/"),
        None,
        libc::MS_REC | libc::MS_PRIVATE,
    )?;
    // The executable itself may lie below what is covered next.
    let own = directory.join(OWN_EXECUTABLE);
    fs::remove_file(&own)?;
    fs::write(&own, [])?;
    mount(executable, &own, None, libc::MS_BIND)?;
    let own_files = mount_with(
        Path::new("lockkeeper"),
        &directory.join(WRITABLE[0]),
        Some("tmpfs"),
        libc::MS_NOSUID | libc::MS_NODEV,
        &format!("mode=0755,size={DISK},nr_inodes={FILES}"),
    )
    .is_ok();
    if own_files {
        for part in &WRITABLE[1..] {
            fs::create_dir(directory.join(part))?;
        }
    }
    // So may the installed programs.
    for tool in real {
        if let Some(root) = tool.mounted() {
            let place = directory.join(tool.place());
            fs::create_dir_all(&place)?;
            mount(root, &place, None, libc::MS_BIND | libc::MS_REC)?;
        }
    }
    let place = ["/mnt", "/srv"]
        .into_iter()
        .map(Path::new)
        .find(|place| place.is_dir());
    let Some(place) = place else {
        return Ok(Mounts {
            place: directory.to_owned(),
            own_files,
        });
    };
    mount(directory, place, None, libc::MS_BIND | libc::MS_REC)?;
    mount(
        &place.join("rw/tmp"),
        Path::new("/tmp"),
        None,
        libc::MS_BIND,
    )?;
    // Refused where an outer container hides parts of /proc; the old view still works.
    mount(
        Path::new("proc"),
        Path::new("/proc"),
        Some("proc"),
        libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC,
    )
    .ok();
    Ok(Mounts {
        place: place.to_owned(),
        own_files,
    })
}

/// The system's own directories: steps may read them and run what is there.
pub(crate) const SYSTEM: &[&str] = &[
    "/bin", "/sbin", "/usr", "/lib", "/lib32", "/lib64", "/etc", "/opt", "/nix", "/proc", "/sys",
];

/// How far Landlock is in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Landlocked {
    pub(super) files: bool,
    pub(super) signals: bool,
}

/// Limits files to the system (reading) and to `inside` (its `rw` writable; `moved` when `/tmp` is
/// its own too).
pub(super) fn landlock(
    inside: &Path,
    executable: &Path,
    moved: bool,
    real: &[RealTool],
) -> Landlocked {
    let abi = ABI::V6;
    let (read, all) = (AccessFs::from_read(abi), AccessFs::from_all(abi));
    let file = AccessFs::from_file(abi);
    let mut allowed: Vec<(PathBuf, BitFlags<AccessFs>)> = SYSTEM
        .iter()
        .map(|path| (PathBuf::from(path), read))
        .collect();
    allowed.extend([
        (inside.to_owned(), read),
        (inside.join("rw"), all),
        (inside.join("clock"), file),
        (executable.to_owned(), file & read),
        (inside.join(OWN_EXECUTABLE), file & read),
        // Not its terminals, where somebody may be typing.
        (PathBuf::from("/dev"), AccessFs::ReadDir.into()),
    ]);
    allowed.extend(
        real.iter()
            .flat_map(RealTool::reads)
            .map(|path| (path.to_owned(), read)),
    );
    if moved {
        // The machine's own `tmp`.
        allowed.push((PathBuf::from("/tmp"), all));
    }
    for device in ["null", "zero", "full", "random", "urandom", "tty"] {
        allowed.push((
            Path::new("/dev").join(device),
            AccessFs::ReadFile | AccessFs::WriteFile,
        ));
    }
    let attempt = || -> Result<RulesetStatus, landlock::RulesetError> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(all)?
            .scope(Scope::from_all(abi))?
            .create()?;
        for (path, access) in allowed {
            // What this system does not have needs no rule.
            if let Ok(descriptor) = PathFd::new(path) {
                rules = rules.add_rule(PathBeneath::new(descriptor, access))?;
            }
        }
        Ok(rules.restrict_self()?.ruleset)
    };
    let status = attempt().unwrap_or(RulesetStatus::NotEnforced);
    Landlocked {
        files: status != RulesetStatus::NotEnforced,
        // The newest of what is asked for.
        signals: status == RulesetStatus::FullyEnforced,
    }
}

/// Refuses sockets other than Unix ones, and calls that a build step never needs or that would
/// take it out of the engine's sight. `alone` when all that a signal to everybody reaches is the
/// machine's. True when in force.
pub(super) fn seccomp(alone: bool) -> bool {
    // The C library then uses `clone`, whose flags the other filter can read.
    let absent = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let programs = (
        compiled(absent, libc::ENOSYS),
        refused(alone).and_then(|rules| compiled(rules, libc::EACCES)),
    );
    let (Some(absent), Some(refused)) = programs else {
        return false;
    };
    seccompiler::apply_filter(&absent).is_ok() && seccompiler::apply_filter(&refused).is_ok()
}

fn compiled(rules: BTreeMap<i64, Vec<SeccompRule>>, answer: i32) -> Option<BpfProgram> {
    let architecture = std::env::consts::ARCH.try_into().ok()?;
    let answer = SeccompAction::Errno(answer as u32);
    SeccompFilter::new(rules, SeccompAction::Allow, answer, architecture)
        .ok()?
        .try_into()
        .ok()
}

/// The kinds of namespaces that `clone` could make.
const NAMESPACES: i32 = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;

fn refused(alone: bool) -> Option<BTreeMap<i64, Vec<SeccompRule>>> {
    let not_unix = SeccompCondition::new(
        0,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::Ne,
        libc::AF_UNIX as u64,
    )
    .ok()?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    rules.insert(
        libc::SYS_socket,
        vec![SeccompRule::new(vec![not_unix.clone()]).ok()?],
    );
    rules.insert(
        libc::SYS_socketpair,
        vec![SeccompRule::new(vec![not_unix]).ok()?],
    );
    // In namespaces of its own a step would have rights that it has not here.
    let mut clones = Vec::new();
    for bit in (0..32).map(|at| 1u64 << at) {
        if bit & NAMESPACES as u32 as u64 != 0 {
            let operator = SeccompCmpOp::MaskedEq(bit);
            let condition =
                SeccompCondition::new(0, SeccompCmpArgLen::Dword, operator, bit).ok()?;
            clones.push(SeccompRule::new(vec![condition]).ok()?);
        }
    }
    rules.insert(libc::SYS_clone, clones);
    if !alone {
        let everybody = u64::from(u32::MAX);
        let condition =
            SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, everybody).ok()?;
        rules.insert(
            libc::SYS_kill,
            vec![SeccompRule::new(vec![condition]).ok()?],
        );
    }
    for call in [
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_pivot_root,
        libc::SYS_open_tree,
        libc::SYS_move_mount,
        libc::SYS_mount_setattr,
        libc::SYS_fsopen,
        libc::SYS_fsconfig,
        libc::SYS_fsmount,
        libc::SYS_fspick,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_io_uring_setup,
        libc::SYS_userfaultfd,
        libc::SYS_kexec_load,
        libc::SYS_init_module,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        // A process of a step stays on the processor that it was given.
        libc::SYS_sched_setaffinity,
    ] {
        rules.insert(call, Vec::new());
    }
    Some(rules)
}
