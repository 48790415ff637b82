//! Where a container runtime's filter refuses namespaces and mounts.

use crate::played::play;
use crate::{cage, docker};

#[test]
fn what_is_missing_is_said_and_limits_are_watched() {
    if !cage::enter("container::what_is_missing_is_said_and_limits_are_watched") {
        return;
    }
    docker::enter();
    let decoy = cage::directory();
    let secret = decoy.path().join("secret");
    std::fs::write(&secret, "a decoy").expect("a decoy");
    let script = format!(
        "set +e\ncat {0} >/dev/null 2>&1 && echo READ\nrm -f {0} 2>/dev/null\nkill -9 -1 2>/dev/null && echo SENT\nexit 0",
        secret.display()
    );
    let played = play(&script, &[]);
    let isolation = &played.report["isolation"];
    assert_eq!(isolation["namespaces"], false);
    assert_eq!(
        (&isolation["landlock"], &isolation["seccomp"]),
        (&true.into(), &true.into())
    );
    let missing = played.report["isolation_missing"].to_string();
    assert!(
        missing.contains("the limit of processes is watched"),
        "{missing}"
    );
    assert!(
        missing.contains("the limit of disk space is watched"),
        "{missing}"
    );
    assert!(!played.has_said("READ") && !played.has_said("SENT") && secret.exists());
    assert_eq!(played.conclusions(), ["success"]);
    let played = play(
        "for i in $(seq 700); do sleep 900 & done\nwait\necho ALL\n",
        &[],
    );
    assert!(!played.has_said("ALL"));
    assert!(
        played.names("more than 512 processes"),
        "{:#}",
        played.report
    );
    // 1,560 MiB, above the limit of 1,024.
    let played = play(
        "for i in 1 2 3; do head -c 520M /dev/zero >$i; done\nwait\n",
        &[],
    );
    assert!(
        played.names("filled its machine's disk"),
        "{:#}",
        played.report
    );
}
