//! Bytes as a row of choices. Past their end every choice is the first.

/// What is left of them.
pub struct Choices<'b>(&'b [u8]);

impl<'b> Choices<'b> {
    /// All of them.
    pub fn of(bytes: &'b [u8]) -> Self {
        Choices(bytes)
    }

    /// A number below `bound`, which is at most 256.
    pub fn below(&mut self, bound: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % bound.max(1)
    }

    /// One of a list.
    pub fn pick<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let place = self.below(list.len());
        list.get(place).copied().unwrap_or_default()
    }

    /// Whether nothing is left to choose with.
    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }
}
