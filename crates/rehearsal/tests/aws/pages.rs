//! Paginated operations.

use crate::bench::Bench;

const LIST: &str = "aws ecs list-task-definitions --family-prefix shop --sort DESC";

#[test]
fn pages_are_put_together() {
    let mut bench = Bench::new();
    let whole = bench.json(LIST);
    let paged = bench.json(&format!("{LIST} --page-size 1"));
    assert_eq!(whole, paged);
    assert_eq!(whole["taskDefinitionArns"].as_array().unwrap().len(), 3);
    assert_eq!(bench.calls("ListTaskDefinitions"), 1 + 3);
}

#[test]
fn text_queries_see_each_page_alone() {
    let mut bench = Bench::new();
    let query = "--query length(taskDefinitionArns) --output text";
    assert_eq!(bench.ok(&format!("{LIST} {query}")), "3\n");
    assert_eq!(bench.ok(&format!("{LIST} --page-size 2 {query}")), "2\n1\n");
    let query = "--query length(taskDefinitionArns) --output json";
    assert_eq!(bench.ok(&format!("{LIST} --page-size 2 {query}")), "3\n");
}

/// The trap of many rollback scripts: a second line that is no ARN.
#[test]
fn text_with_max_items_ends_with_a_line_about_the_rest() {
    let mut bench = Bench::new();
    let out = bench.ok(&format!(
        "{LIST} --max-items 2 --query taskDefinitionArns[1] --output text"
    ));
    assert_eq!(
        out,
        "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:2\nNone\n"
    );
}

#[test]
fn a_token_goes_on_where_an_earlier_command_stopped() {
    let mut bench = Bench::new();
    let first = bench.json(&format!("{LIST} --max-items 2"));
    assert_eq!(first["taskDefinitionArns"].as_array().unwrap().len(), 2);
    let token = first["NextToken"].as_str().unwrap();
    let rest = bench.json(&format!("{LIST} --starting-token {token}"));
    assert_eq!(
        rest["taskDefinitionArns"],
        serde_json::json!(["arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:1"])
    );
    let exact = bench.json(&format!("{LIST} --page-size 1 --max-items 1"));
    let token = exact["NextToken"].as_str().unwrap();
    let rest = bench.json(&format!("{LIST} --starting-token {token}"));
    assert_eq!(rest["taskDefinitionArns"].as_array().unwrap().len(), 2);
    let (exit, message) = bench.fails(&format!("{LIST} --starting-token a___b___c"));
    assert_eq!(
        (exit, message.as_str()),
        (255, "Bad starting token: a___b___c")
    );
}

#[test]
fn paging_by_hand_is_left_alone() {
    let mut bench = Bench::new();
    let page = bench.json(&format!("{LIST} --max-results 2"));
    assert_eq!(page["taskDefinitionArns"].as_array().unwrap().len(), 2);
    assert!(page["nextToken"].is_string());
    assert!(bench.json(&format!("{LIST} --no-paginate"))["taskDefinitionArns"].is_array());
}
