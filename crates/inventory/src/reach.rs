//! Which packages of a lockfile are needed at run time: those that can be reached from what the project itself
//! needs then. The rest is there for development only.

/// Packages by number, and which others each one needs.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    needs: Vec<Vec<usize>>,
}

impl Graph {
    /// A graph of so many packages, none of which needs another one.
    pub(crate) fn new(count: usize) -> Self {
        Self { needs: vec![Vec::new(); count] }
    }

    /// Notes that one package needs another one. Numbers that there are not are passed over.
    pub(crate) fn add(&mut self, package: usize, needed: usize) {
        if needed < self.needs.len()
            && let Some(list) = self.needs.get_mut(package)
        {
            list.push(needed);
        }
    }

    /// For each package whether one of the roots needs it, or is it. Loops are no harm.
    pub(crate) fn reachable(&self, roots: impl IntoIterator<Item = usize>) -> Vec<bool> {
        let mut reached = vec![false; self.needs.len()];
        let mut waiting: Vec<usize> = roots.into_iter().collect();
        while let Some(package) = waiting.pop() {
            if let Some(seen) = reached.get_mut(package).filter(|seen| !**seen) {
                *seen = true;
                waiting.extend(self.needs.get(package).into_iter().flatten());
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_end_and_what_nobody_needs_is_not_reached() {
        let mut graph = Graph::new(5);
        for (package, needed) in [(0, 1), (1, 2), (2, 0), (3, 4), (9, 1), (1, 9)] {
            graph.add(package, needed);
        }
        assert_eq!(graph.reachable([1]), [true, true, true, false, false]);
        assert_eq!(graph.reachable([7]), [false; 5]);
    }
}
