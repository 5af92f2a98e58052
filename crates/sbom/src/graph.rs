//! The graph of dependencies as documents want it: what each needs, and where to begin.

use crate::Bill;

/// Who needs whom, by position in the bill's list of packages.
pub(crate) struct Graph {
    /// For each package what it needs, sorted.
    pub(crate) needs: Vec<Vec<usize>>,
    /// Packages from which all others can be reached: those that nobody needs, and one of each circle that
    /// nobody outside it needs. Sorted.
    pub(crate) roots: Vec<usize>,
}

impl Graph {
    pub(crate) fn of(bill: &Bill) -> Self {
        let count = bill.packages.len();
        let mut needs = vec![Vec::new(); count];
        let mut is_needed = vec![false; count];
        for dependency in &bill.dependencies {
            if dependency.from < count && dependency.to < count && dependency.from != dependency.to {
                needs[dependency.from].push(dependency.to);
                is_needed[dependency.to] = true;
            }
        }
        for needed in &mut needs {
            needed.sort_unstable();
            needed.dedup();
        }
        let mut reached = vec![false; count];
        let mut roots: Vec<usize> = Vec::new();
        let unneeded = (0..count).filter(|at| !is_needed[*at]);
        // Whatever is left after these lies in circles, or behind them.
        for start in unneeded.chain(0..count) {
            if !reached[start] {
                roots.push(start);
                reach(start, &needs, &mut reached);
            }
        }
        roots.sort_unstable();
        Self { needs, roots }
    }
}

fn reach(start: usize, needs: &[Vec<usize>], reached: &mut [bool]) {
    let mut open = vec![start];
    reached[start] = true;
    while let Some(at) = open.pop() {
        for &next in &needs[at] {
            if !std::mem::replace(&mut reached[next], true) {
                open.push(next);
            }
        }
    }
}
