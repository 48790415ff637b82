//! What a command line names that a world must have.

use lockkeeper_world::event::ServiceKey;
/// Something that a command asked the world for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Service(ServiceKey),
    Repository(String),
    Family(String),
    /// A task definition by revision or ARN.
    Revision(String),
    Host(String),
}

/// What a command line names that a world must have.
pub(super) fn asked_for(argv: &[String], exit_code: i32) -> Vec<Asked> {
    let flag = |names: &[&str]| {
        argv.iter().enumerate().find_map(|(at, arg)| {
            let (name, attached) = arg
                .split_once('=')
                .map_or((arg.as_str(), None), |(name, value)| {
                    (name, Some(value.to_owned()))
                });
            names
                .contains(&name)
                .then(|| attached.or_else(|| argv.get(at + 1).cloned()))
                .flatten()
        })
    };
    let plain = |name: &str| name.rsplit('/').next().unwrap_or(name).to_owned();
    let mut found = Vec::new();
    match argv.first().map(String::as_str) {
        Some("aws") if argv.iter().any(|arg| arg == "ecs") => {
            if let (Some(cluster), Some(service)) = (
                flag(&["--cluster"]),
                flag(&["--service", "--services", "--service-name"]),
            ) {
                found.push(Asked::Service(ServiceKey {
                    cluster: plain(&cluster),
                    service: plain(&service),
                }));
            }
            if let Some(named) = flag(&["--task-definition", "--family"]) {
                found.push(match named.contains([':', '/']) {
                    true => Asked::Revision(named),
                    false => Asked::Family(named),
                });
            }
        }
        Some("aws") if argv.iter().any(|arg| arg == "ecr") => {
            found.extend(flag(&["--repository-name"]).map(Asked::Repository))
        }
        Some("docker" | "skopeo") => {
            for arg in argv {
                let image = arg.trim_start_matches("docker://");
                if let Some((_, path)) = image.split_once(".amazonaws.com/") {
                    found.push(Asked::Repository(
                        path.split([':', '@']).next().unwrap_or(path).to_owned(),
                    ));
                }
            }
        }
        Some("curl") if exit_code == 6 => {
            let urls = argv.iter().filter_map(|arg| {
                arg.strip_prefix("https://")
                    .or_else(|| arg.strip_prefix("http://"))
            });
            found.extend(
                urls.filter_map(|url| url.split(['/', '?', ':']).next())
                    .map(|host| Asked::Host(host.to_owned())),
            );
        }
        _ => {}
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_what_they_need() {
        let asked = |line: &str, code| {
            asked_for(
                &line.split(' ').map(str::to_owned).collect::<Vec<_>>(),
                code,
            )
        };
        assert_eq!(
            asked(
                "aws ecs update-service --cluster=c --service s --force-new-deployment",
                255
            ),
            [Asked::Service(ServiceKey {
                cluster: "c".into(),
                service: "s".into()
            })]
        );
        assert_eq!(
            asked(
                "docker push 1.dkr.ecr.eu-west-1.amazonaws.com/team/app:1",
                0
            ),
            [Asked::Repository("team/app".into())]
        );
        assert_eq!(
            asked("curl -f https://x.example.com/health", 6),
            [Asked::Host("x.example.com".into())]
        );
        assert!(asked("curl -f https://x.example.com/health", 22).is_empty());
    }
}
