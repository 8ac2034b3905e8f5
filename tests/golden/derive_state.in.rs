#[derive(State)]
struct App {
    db: Db,
    #[lend(mut Notes)]
    notes: Lock<Notes>,
    #[lend(skip)]
    started: Instant,
}

#[derive(State)]
#[state(crate = sdk::core)]
struct Pair<T, const N: usize>(Vec<T>, #[lend(mut [T; N])] Lock<[T; N]>)
where
    T: Clone;
