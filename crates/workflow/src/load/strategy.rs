//! `strategy`.

use super::reader::Reader;
use crate::expr::Scope;
use crate::model::{Keys, Matrix, Strategy};
use crate::tables::workflow_keys as keys;
use crate::template::Data;
use crate::yaml::Node;

impl Reader<'_, '_> {
    pub(super) fn strategy(&mut self, node: &Node<'_>) -> Option<Strategy> {
        let scope = &Scope::STRATEGY;
        let mut strategy = Strategy {
            matrix: None,
            fail_fast: None,
            max_parallel: None,
            whole: None,
            keys: Keys::default(),
            place: self.place(node),
        };
        if let Some(template) = self.whole_expression(node, scope) {
            strategy.whole = Some(template);
            return Some(strategy);
        }
        let fields = self.fields(node, keys::STRATEGY)?;
        strategy.keys = fields.keys();
        strategy.fail_fast = fields.get("fail-fast").and_then(|n| self.boolean(n, scope));
        strategy.max_parallel = fields
            .get("max-parallel")
            .and_then(|n| self.number(n, scope));
        strategy.matrix = fields.get("matrix").and_then(|n| self.matrix(n));
        Some(strategy)
    }

    fn matrix(&mut self, node: &Node<'_>) -> Option<Matrix> {
        let scope = &Scope::STRATEGY;
        let mut matrix = Matrix {
            axes: Vec::new(),
            computed: Vec::new(),
            include: None,
            exclude: None,
            whole: self.whole_expression(node, scope),
            keys: Keys::default(),
            place: self.place(node),
        };
        if matrix.whole.is_some() {
            return Some(matrix);
        }
        let entries = self.entries_in(node, "a mapping of axes", scope)?;
        for (key, value) in entries.computed {
            if let Some(data) = self.data(value, scope) {
                matrix.computed.push((key, data));
            }
        }
        for (key, value) in entries.written {
            let Some(data) = self.data(value, scope) else {
                continue;
            };
            let fits = match &data {
                Data::Sequence(items, _) => {
                    key.value != "include" && key.value != "exclude"
                        || items.iter().all(|i| match i {
                            Data::Mapping(..) => true,
                            Data::Scalar(t) => t.whole().is_some(),
                            Data::Sequence(..) => false,
                        })
                }
                Data::Scalar(t) => t.whole().is_some(),
                Data::Mapping(..) => false,
            };
            if !fits {
                self.unexpected(value, "a sequence or an expression");
                continue;
            }
            let list = match key.value.as_str() {
                "include" => "include",
                "exclude" => "exclude",
                _ => {
                    matrix.axes.push((key, data));
                    continue;
                }
            };
            matrix.keys.0.push(key.map(|_| list));
            match list {
                "include" => matrix.include = Some(data),
                _ => matrix.exclude = Some(data),
            }
        }
        Some(matrix)
    }
}
