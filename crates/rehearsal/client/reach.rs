//! The way to the controller: the socket in the machine's directory.

use crate::sys::{call, close, nr, open};

// AF_UNIX; SOCK_STREAM | SOCK_CLOEXEC
pub const UNIX: usize = 1;
pub const STREAM: usize = 1 | 0o2000000;

/// Connects `socket` to `socket` in `directory`, which must end in NUL; negative when that fails.
pub fn attach(socket: i32, directory: &[u8]) -> isize {
    // O_PATH | O_DIRECTORY | O_CLOEXEC: a socket's own path may be longer than its address holds.
    let directory = open(directory, 0o10000000 | 0o200000 | 0o2000000, 0);
    if directory < 0 {
        return directory;
    }
    let mut address = [0u8; 110];
    address[0] = UNIX as u8;
    let prefix = b"/proc/self/fd/";
    address[2..2 + prefix.len()].copy_from_slice(prefix);
    let mut at = 2 + prefix.len();
    at += decimal(directory as u64, &mut address[at..]);
    address[at..at + 7].copy_from_slice(b"/socket");
    // SAFETY: a plain call on a descriptor; the address lives through it.
    let connected = unsafe { call(nr::CONNECT, socket as usize, address.as_ptr() as usize, at + 7 + 1, 0, 0, 0) };
    close(directory as i32);
    connected
}

/// A new connection to the controller; negative when there is none.
pub fn connect(directory: &[u8]) -> isize {
    // SAFETY: touches no memory.
    let socket = unsafe { call(nr::SOCKET, UNIX, STREAM, 0, 0, 0, 0) };
    if socket < 0 {
        return socket;
    }
    let attached = attach(socket as i32, directory);
    if attached < 0 {
        close(socket as i32);
        return attached;
    }
    socket
}

/// Writes a number's digits; how many those are.
pub fn decimal(mut number: u64, to: &mut [u8]) -> usize {
    let mut digits = [0u8; 20];
    let mut count = 0;
    while number > 0 || count == 0 {
        digits[count] = b'0' + (number % 10) as u8;
        number /= 10;
        count += 1;
    }
    let mut at = 0;
    while at < count {
        to[at] = digits[count - 1 - at];
        at += 1;
    }
    count
}
