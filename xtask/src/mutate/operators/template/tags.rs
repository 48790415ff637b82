//! `ImageTagMutability`

use super::super::{Operator, Over};

pub(crate) const OPERATOR: Operator = Operator {
    id: "mutable-tags",
    does: "lets tags of the image repository move",
    over: Over::Template(|document, edits| {
        document.at("Resources.*.Properties.ImageTagMutability", &mut |spot| {
            spot.set(edits, "MUTABLE");
        });
    }),
};
