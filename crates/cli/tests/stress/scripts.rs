//! Scripts made of what makes processes wait for one another, drawn by a seed.

/// Numbers that a seed fixes.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        // Neighbouring seeds must not begin parts of one sequence.
        Self(mix(seed))
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (mix(self.0) % bound.max(1) as u64) as usize
    }
}

/// SplitMix64's.
fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Each prints and asks in an order that its own waits fix. `@` becomes a number of its own, `#` a
/// number of seconds, `?` the end of a call's name, which sometimes makes it fail.
const PARTS: &[&str] = &[
    "x=$(aws one@ | tr a-z A-Z | cat); echo \"$x\"",
    "aws two@ | while read -r line; do sleep #; echo \"got $line\"; done",
    "mkfifo f@; (aws in@ >f@) & cat <f@; wait",
    "mkfifo g@; { read -r a; read -r b; echo \"$b $a\"; } <g@ & { aws p@; sleep #; aws q@; } >g@; wait",
    "(sleep #; aws b@) & (sleep #; aws a@) & wait",
    // In a shell of its own: `wait -n` also reports a job of before that ended between two waits.
    "bash -c 'sleep 3 & sleep 1 & sleep 2 & wait -n; aws first@; wait -n; aws second@; wait'",
    "x=$(y=$(aws in@); echo \"$y$(aws in2@; (aws in3@))\"); echo \"$x\"",
    "timeout 5 sleep 60 || echo \"ended $?\"",
    "timeout 60 aws quick@; timeout -s INT # aws slow@ | cat",
    "timeout -k 2 1 bash -c 'trap \"\" TERM; while :; do sleep 1; done' || echo \"ended $?\"",
    "trap 'aws trapped@' USR1; kill -USR1 $$; trap - USR1",
    "trap 'echo term@; aws late@' TERM; (sleep #; kill -TERM $$) & sleep 9 & wait $! || echo \"woken $?\"; wait; trap - TERM",
    "coproc C { while read -r l; do echo \"r $l $(aws c@)\"; done; }; echo hi >&\"${C[1]}\"; read -r a <&\"${C[0]}\"; echo \"$a\"; eval \"exec ${C[1]}>&-\"; wait",
    "/usr/bin/python3 -c 'import subprocess; print(subprocess.run([\"aws\", \"py@\"], capture_output=True).stdout.decode(), flush=True)'",
    "/usr/bin/python3 -c 'import subprocess, threading
def go(): print(subprocess.run([\"aws\", \"thread@\"], capture_output=True).stdout.decode(), flush=True)
t = threading.Thread(target=go); t.start(); t.join()'",
    "/usr/bin/python3 -c 'import os
r, w = os.pipe()
if os.fork() == 0: os.close(r); os.execvp(\"sh\", [\"sh\", \"-c\", \"aws forked@ >&%d\" % w])
os.close(w); print(os.read(r, 99).decode(), flush=True)'",
    "/usr/bin/node -e 'const c = require(\"child_process\"); c.execFile(\"aws\", [\"node@\"], (e, out) => console.log(out, e && e.code))'",
    "/usr/bin/node -e 'console.log(require(\"child_process\").execFileSync(\"aws\", [\"sync@\"]).toString())'",
    "(sleep #; aws orphan@) >/dev/null 2>&1 & disown",
    "setsid bash -c 'sleep #; aws session@ >/dev/null' & echo started",
    "bash -c 'sleep # >/dev/null & exit 0'; aws after@",
    "sleep 100 & p=$!; kill $p; wait $p || echo \"killed $?\"; aws next@",
    "sleep 100 & p=$!; sleep #; kill -9 $p; wait $p || echo \"killed $?\"",
    "(trap 'echo out@' EXIT; aws x@; exit 3) || echo \"ended $?\"",
    "while read -r l; do echo \"$l\"; done < <(aws ps@; sleep #; aws pt@)",
    "aws t@ | tee tee@ | cat; cat tee@",
    "mapfile -t lines < <(printf 'a\\nb\\n'; aws m@); echo \"${lines[*]}\"",
    "printf 'a\\nb\\nc\\n' | xargs -n 1 -P 2 aws x@",
    "set -m; sleep # & wait; set +m",
    "for i in 1 2 3; do aws loop@ $i || echo \"no $?\"; done",
    "aws bad || echo \"failed $?\"; ! aws bad | cat || echo piped",
    "echo '{\"a\":[1,2,@]}' | jq -c '.a|add'; aws j@ | jq -R .",
    "echo $SECONDS; sleep 3; echo $SECONDS $(date +%s)",
    "basename \"$(mktemp -u)\"; d=$(mktemp -d); ls \"$d\"; rmdir \"$d\"",
    "for i in 1 2 3 4 5; do (exit $i) & done; wait; echo waited",
    "yes | head -n 1; seq 1 20000 | tail -n 1",
    "exec 7>lock@; flock 7; (sleep #; aws held@; flock -u 7) & (flock lock@ -c 'aws taken@') & sleep 1; wait; exec 7>&-",
    "f() { local v; v=$(aws f@); sleep 1; echo \"$v\"; }; f & f & f; wait",
    "{ sleep #; echo e1@ >&1; } & { sleep 4; echo o@; } & wait",
    "cat <<X\n$(aws here@)\nX",
    "until aws try@ | grep -q try; do sleep 1; done",
    "head -c 300000 /dev/zero | tr '\\0' x | wc -c; aws wc@",
];

/// How a script ends: with what it left behind, or not.
const ENDS: &[&str] = &[
    "",
    "",
    "exit 3",
    "wait; exit 0",
    "sleep 30 & exit 1",
    "aws last | cat",
];

pub(crate) fn draw(seed: u64) -> String {
    let mut chance = Chance::new(seed ^ 0x5eed);
    // Complaints of bash name processes by their numbers, which only a namespace fixes.
    let mut script = "exec 2>/dev/null\n".to_owned();
    for _ in 0..1 + chance.below(5) {
        let number = (100 + chance.below(900)).to_string();
        let part = PARTS[chance.below(PARTS.len())].replace('@', &number);
        let mut pieces = part.split('#');
        script.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            // Two waits never end at the same instant by chance alone.
            script.push_str(&format!("{}.{}", 1 + chance.below(5), 1 + chance.below(9)));
            script.push_str(piece);
        }
        script.push('\n');
    }
    script.push_str(ENDS[chance.below(ENDS.len())]);
    script.push('\n');
    script
}
