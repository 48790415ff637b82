//! What the system call that a thread sleeps in says about who can wake it.

use std::io;

use super::proc::{Descriptor, Proc};

/// A system call, from a `syscall` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call {
    number: i64,
    args: [u64; 6],
}

impl Call {
    /// Nothing when the thread is in none, or was not seen asleep.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut fields = text.split_ascii_whitespace();
        let number = fields.next()?.parse().ok().filter(|number| *number >= 0)?;
        let mut args = [0; 6];
        for (arg, field) in args.iter_mut().zip(fields) {
            *arg = u64::from_str_radix(field.strip_prefix("0x")?, 16).ok()?;
        }
        Some(Self { number, args })
    }
}

/// What can wake a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    /// Perhaps something outside the tree.
    Runs,
    /// Only its own tree, or the controller.
    Quiet,
    /// As [`Waits::Quiet`], the end of a child.
    ForChild,
    /// Real time too.
    Timed,
}

pub(crate) fn of(proc: &Proc, pid: i32, call: &Call) -> io::Result<Waits> {
    let [first, second, third, fourth, fifth, _] = call.args;
    let limited = |limit: bool| if limit { Waits::Timed } else { Waits::Quiet };
    Ok(match call.number {
        libc::SYS_wait4 | libc::SYS_waitid => Waits::ForChild,
        libc::SYS_rt_sigsuspend | libc::SYS_flock => Waits::Quiet,
        libc::SYS_fcntl if [libc::F_SETLKW, libc::F_OFD_SETLKW].contains(&(second as i32)) => {
            Waits::Quiet
        }
        libc::SYS_openat => opens(proc, pid),
        libc::SYS_read
        | libc::SYS_readv
        | libc::SYS_write
        | libc::SYS_writev
        | libc::SYS_recvfrom
        | libc::SYS_recvmsg
        | libc::SYS_sendto
        | libc::SYS_sendmsg
        | libc::SYS_accept
        | libc::SYS_accept4
        | libc::SYS_connect => transfers(proc, pid, first)?,
        libc::SYS_splice | libc::SYS_tee => match transfers(proc, pid, first)? {
            Waits::Quiet if call.number == libc::SYS_tee => transfers(proc, pid, second)?,
            Waits::Quiet => transfers(proc, pid, third)?,
            other => other,
        },
        libc::SYS_ppoll => limited(third != 0),
        libc::SYS_pselect6 => limited(fifth != 0),
        libc::SYS_epoll_pwait => limited(fourth as u32 as i32 != -1),
        libc::SYS_epoll_pwait2 | libc::SYS_futex => limited(fourth != 0),
        libc::SYS_futex_waitv => limited(fourth != 0),
        libc::SYS_rt_sigtimedwait => limited(third != 0),
        libc::SYS_nanosleep | libc::SYS_clock_nanosleep => Waits::Timed,
        other => old(proc, pid, other, &call.args)?,
    })
}

/// Calls that newer architectures do without.
#[cfg(target_arch = "x86_64")]
fn old(proc: &Proc, pid: i32, number: i64, args: &[u64; 6]) -> io::Result<Waits> {
    let limited = |limit: bool| if limit { Waits::Timed } else { Waits::Quiet };
    Ok(match number {
        libc::SYS_pause => Waits::Quiet,
        libc::SYS_open => opens(proc, pid),
        libc::SYS_poll => limited(args[2] as u32 as i32 >= 0),
        libc::SYS_epoll_wait => limited(args[3] as u32 as i32 != -1),
        libc::SYS_select => limited(args[4] != 0),
        _ => Waits::Runs,
    })
}

#[cfg(not(target_arch = "x86_64"))]
fn old(_: &Proc, _: i32, _: i64, _: &[u64; 6]) -> io::Result<Waits> {
    Ok(Waits::Runs)
}

/// Only a FIFO's other end lets an open sleep for long; a slow file system may too.
fn opens(proc: &Proc, pid: i32) -> Waits {
    match proc.sleeps_in(pid) {
        Some(function) if function != "wait_for_partner" => Waits::Runs,
        _ => Waits::Quiet,
    }
}

/// At the other end of a pipe or Unix socket is a process of the tree: those that lead out of it
/// lead to the controller, which looks whether anything has come.
fn transfers(proc: &Proc, pid: i32, descriptor: u64) -> io::Result<Waits> {
    Ok(match proc.descriptor(pid, descriptor)? {
        Descriptor::Pipe => Waits::Quiet,
        Descriptor::Socket(inode) if proc.is_unix_socket(pid, inode) => Waits::Quiet,
        _ => Waits::Runs,
    })
}

/// Whether one of these calls of process `parent` waits for the end of its child `child`.
pub(crate) fn any_is_for(proc: &Proc, parent: i32, child: i32, calls: &[Call]) -> io::Result<bool> {
    // A process that is asked about by number is known to its parent by another one.
    let is = |field: &str, number: i64| proc.innermost(child, field) == Some(number);
    let own_group = || proc.innermost(parent, "NSpgid:");
    Ok(calls.iter().any(|call| {
        let [kind, number, ..] = call.args;
        if call.number == libc::SYS_wait4 {
            return match kind as u32 as i32 {
                -1 => true,
                0 => own_group().is_none_or(|group| is("NSpgid:", group)),
                group if group < 0 => is("NSpgid:", -i64::from(group)),
                pid => is("NSpid:", i64::from(pid)),
            };
        }
        match kind as u32 {
            libc::P_PID => is("NSpid:", number as i64),
            libc::P_PGID if number == 0 => own_group().is_none_or(|group| is("NSpgid:", group)),
            libc::P_PGID => is("NSpgid:", number as i64),
            libc::P_PIDFD => proc.of_pidfd(parent, number) == Some(child),
            _ => true,
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_only_from_one_that_sleeps() {
        assert_eq!(Call::read("running\n"), None);
        assert_eq!(Call::read("-1 0x7ffe 0x7f01\n"), None);
        let call = Call::read("0 0x3 0x7ffc 0x80 0x0 0x0 0x0 0x7ffc51 0x7f0a\n");
        let args = [3, 0x7ffc, 0x80, 0, 0, 0];
        assert_eq!(call, Some(Call { number: 0, args }));
    }
}
