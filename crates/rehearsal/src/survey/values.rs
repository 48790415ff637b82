//! Values for settings whose names are known and whose contents are not.

use lockkeeper_names::{AccountId, Region};

/// A value for a secret, such as its name says it holds.
pub(super) fn secret(name: &str, account: &AccountId, region: &Region) -> String {
    known(name, account, region)
        .unwrap_or_else(|| format!("secret-value-of-{}", name.to_ascii_lowercase()))
}

/// A value for a variable, or for a secret of a pipeline that lockkeeper did not write: names of
/// clusters, services and image repositories are often kept so.
pub(super) fn setting(name: &str, account: &AccountId, region: &Region) -> String {
    let plain = name.to_ascii_lowercase().replace('_', "-");
    if let Some(value) = known(name, account, region) {
        return value;
    }
    let words: Vec<&str> = plain.split('-').collect();
    let says = |wanted: &[&str]| wanted.iter().any(|word| words.contains(word));
    let address = says(&["url", "uri"]);
    match () {
        () if address && says(&["ecr", "repository", "repo", "image"]) => {
            format!("{account}.dkr.ecr.{region}.amazonaws.com/{plain}")
        }
        () if address || says(&["webhook", "endpoint"]) => format!("https://{plain}.example.com"),
        () => plain,
    }
}

fn known(name: &str, account: &AccountId, region: &Region) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    if upper.contains("ACCESS_KEY_ID") {
        let letters = name.bytes().filter(u8::is_ascii_uppercase);
        let letters: String = letters.map(char::from).take(16).collect();
        return Some(format!("AKIA{letters:0<16}"));
    }
    if upper.contains("REGION") {
        return Some(region.to_string());
    }
    if upper.contains("ROLE") {
        let role = name.to_ascii_lowercase().replace('_', "-");
        return Some(format!("arn:aws:iam::{account}:role/{role}"));
    }
    if upper.contains("ACCOUNT") {
        return Some(account.to_string());
    }
    if upper.contains("REGISTRY") {
        return Some(format!("{account}.dkr.ecr.{region}.amazonaws.com"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_they_hold() {
        let account = AccountId::parse("123456789012").unwrap();
        let region = Region::parse("eu-west-1").unwrap();
        let setting = |name| setting(name, &account, &region);
        assert_eq!(setting("ECS_CLUSTER"), "ecs-cluster");
        assert_eq!(
            setting("ECR_REPOSITORY_URL_API"),
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/ecr-repository-url-api"
        );
        assert_eq!(
            setting("SLACK_WEBHOOK_URL"),
            "https://slack-webhook-url.example.com"
        );
        assert_eq!(setting("AWS_REGION"), "eu-west-1");
        assert_eq!(
            setting("DEPLOY_ROLE_ARN"),
            "arn:aws:iam::123456789012:role/deploy-role-arn"
        );
        assert_eq!(secret("TOKEN", &account, &region), "secret-value-of-token");
    }
}
