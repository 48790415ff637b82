//! Builds the small programs that are embedded in the library: the client behind every modelled
//! tool, the library that makes clock and chance virtual, and the one that leads an installed
//! tool's connections to the controller.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=client");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let rustc = env::var_os("RUSTC").expect("cargo sets RUSTC");
    let target = env::var("TARGET").expect("cargo sets TARGET");
    let supported =
        target.contains("linux") && (target.starts_with("x86_64") || target.starts_with("aarch64"));
    if !supported {
        // The rehearsal itself says that it needs Linux; the rest of lockkeeper still builds.
        std::fs::write(out.join("client"), []).expect("OUT_DIR is writable");
        std::fs::write(out.join("preload.so"), []).expect("OUT_DIR is writable");
        std::fs::write(out.join("endpoint.so"), []).expect("OUT_DIR is writable");
        return;
    }
    let build = |source: &str, name: &str, kind: &str, options: &[&str]| {
        let mut command = Command::new(&rustc);
        command
            .args([
                "--edition",
                "2024",
                "--crate-type",
                kind,
                "--target",
                &target,
            ])
            .args([
                "-C",
                "panic=abort",
                "-C",
                "opt-level=2",
                "-C",
                "strip=symbols",
                "-C",
                "debuginfo=0",
            ])
            .args(["-C", "force-unwind-tables=no"])
            .args(options)
            .arg(format!("client/{source}"))
            .arg("-o")
            .arg(out.join(name));
        if let Some(linker) = env::var_os("RUSTC_LINKER") {
            let mut option = std::ffi::OsString::from("linker=");
            option.push(linker);
            command.arg("-C").arg(option);
        }
        let status = command.status().expect("rustc can be started");
        assert!(status.success(), "rustc could not build client/{source}");
    };
    build(
        "client.rs",
        "client",
        "bin",
        &[
            "-C",
            "relocation-model=static",
            "-C",
            "link-arg=-nostartfiles",
            "-C",
            "link-arg=-nostdlib",
            "-C",
            "link-arg=-static",
            "-C",
            "link-arg=-Wl,--build-id=none,-z,noexecstack",
        ],
    );
    let library = [
        "-C",
        "link-arg=-nostartfiles",
        "-C",
        "link-arg=-nostdlib",
        "-C",
        "link-arg=-Wl,--build-id=none",
    ];
    build("preload.rs", "preload.so", "cdylib", &library);
    build("endpoint.rs", "endpoint.so", "cdylib", &library);
}
