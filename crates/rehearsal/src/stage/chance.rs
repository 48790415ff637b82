//! The seed's choices, and those that are spelled out.

/// SplitMix64: small, fast, and the same everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Chance {
    state: u64,
    order: Option<Order>,
}

/// Choices of what happens next that are spelled out.
#[derive(Debug, Clone, Default)]
struct Order {
    wanted: Vec<u8>,
    /// Each choice that was made, and of how many.
    made: Vec<(u8, u8)>,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            state: seed,
            order: None,
        }
    }

    /// From now on, what happens next is what `order` says, and the first once it has ended.
    pub(super) fn with_order(mut self, order: &[u8]) -> Self {
        self.order = Some(Order {
            wanted: order.to_vec(),
            made: Vec::new(),
        });
        self
    }

    /// The choices that were made since an order was given, each with how many there were.
    pub(super) fn made(&self) -> &[(u8, u8)] {
        self.order.as_ref().map_or(&[], |order| &order.made)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of `0..count`; `count` is not 0.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    /// Which of so many things that could happen next does; there are two or more.
    pub(super) fn pick(&mut self, count: usize) -> usize {
        let Some(order) = &mut self.order else {
            return self.below(count);
        };
        let count = count.min(36) as u8;
        let wanted = order.wanted.get(order.made.len()).copied().unwrap_or(0);
        let choice = wanted.min(count - 1);
        order.made.push((choice, count));
        choice.into()
    }
}
