//! The lifecycle policy of the image repository: JSON, which is YAML, in a block.

use std::ops::Range;

use super::super::{Operator, Over};
use crate::mutate::document::Document;
use crate::mutate::edit::Edits;

pub(crate) const COUNT: Operator = Operator {
    id: "lifecycle-count",
    does: "keeps one image, or the images of one day",
    over: Over::Template(|document, edits| {
        policies(document, &mut |inner, start| {
            inner.at("rules.*.selection.countNumber", &mut |spot| {
                let range = shifted(spot.node.span.range(), start);
                edits.replace(spot.context(), range, "1");
            });
        });
    }),
};

pub(crate) const RULE: Operator = Operator {
    id: "lifecycle-drop-rule",
    does: "takes a rule out of the lifecycle policy",
    over: Over::Template(|document, edits| {
        policies(document, &mut |inner, start| {
            let mut own = Edits::new(inner.text);
            inner.at("rules.*", &mut |spot| spot.remove(&mut own, inner.text));
            for edit in own.found() {
                edits.shifted(edit, start);
            }
        });
    }),
};

fn policies(document: &Document<'_>, visit: &mut dyn FnMut(&Document<'_>, usize)) {
    document.visit(&mut |spot| {
        if spot.key() != "LifecyclePolicyText" {
            return;
        }
        let range = spot.node.span.range();
        let block = &document.text[range.clone()];
        // Behind the indicator of the block.
        let Some(line) = block.find('\n') else { return };
        if let Some(inner) = Document::read("lifecycle.json", &block[line..]) {
            visit(&inner, range.start + line);
        }
    });
}

fn shifted(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}
