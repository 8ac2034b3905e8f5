impl ::agent_core::__private::Lend<Db> for App {
    type Ref<'__a> = &'__a Db where Self: '__a;
    const KIND: ::agent_core::__private::Kind = ::agent_core::__private::Kind::Handle;
    fn lend(
        &self,
    ) -> impl ::core::future::Future<Output = Self::Ref<'_>> + ::core::marker::Send {
        ::core::future::ready(&self.db)
    }
}
#[allow(trivial_bounds)]
impl ::agent_core::__private::Lend<Notes> for App
where
    Lock<Notes>: ::agent_core::__private::LendMut<Notes>,
{
    type Ref<'__a> = <Lock<Notes> as ::agent_core::__private::Lend<Notes>>::Ref<'__a>
    where
        Self: '__a;
    const KIND: ::agent_core::__private::Kind = <Lock<
        Notes,
    > as ::agent_core::__private::Lend<Notes>>::KIND;
    fn lend(
        &self,
    ) -> impl ::core::future::Future<Output = Self::Ref<'_>> + ::core::marker::Send {
        ::agent_core::__private::Lend::<Notes>::lend(&self.notes)
    }
}
#[allow(trivial_bounds)]
impl ::agent_core::__private::LendMut<Notes> for App
where
    Lock<Notes>: ::agent_core::__private::LendMut<Notes>,
{
    type Mut<'__a> = <Lock<Notes> as ::agent_core::__private::LendMut<Notes>>::Mut<'__a>
    where
        Self: '__a;
    fn lend_mut(
        &self,
    ) -> impl ::core::future::Future<Output = Self::Mut<'_>> + ::core::marker::Send {
        ::agent_core::__private::LendMut::<Notes>::lend_mut(&self.notes)
    }
}
impl<T, const N: usize> sdk::core::__private::Lend<Vec<T>> for Pair<T, N>
where
    T: Clone,
    T: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    type Ref<'__a> = &'__a Vec<T> where Self: '__a;
    const KIND: sdk::core::__private::Kind = sdk::core::__private::Kind::Handle;
    fn lend(
        &self,
    ) -> impl ::core::future::Future<Output = Self::Ref<'_>> + ::core::marker::Send {
        ::core::future::ready(&self.0)
    }
}
#[allow(trivial_bounds)]
impl<T, const N: usize> sdk::core::__private::Lend<[T; N]> for Pair<T, N>
where
    T: Clone,
    T: ::core::marker::Send + ::core::marker::Sync + 'static,
    Lock<[T; N]>: sdk::core::__private::LendMut<[T; N]>,
{
    type Ref<'__a> = <Lock<[T; N]> as sdk::core::__private::Lend<[T; N]>>::Ref<'__a>
    where
        Self: '__a;
    const KIND: sdk::core::__private::Kind = <Lock<
        [T; N],
    > as sdk::core::__private::Lend<[T; N]>>::KIND;
    fn lend(
        &self,
    ) -> impl ::core::future::Future<Output = Self::Ref<'_>> + ::core::marker::Send {
        sdk::core::__private::Lend::<[T; N]>::lend(&self.1)
    }
}
#[allow(trivial_bounds)]
impl<T, const N: usize> sdk::core::__private::LendMut<[T; N]> for Pair<T, N>
where
    T: Clone,
    T: ::core::marker::Send + ::core::marker::Sync + 'static,
    Lock<[T; N]>: sdk::core::__private::LendMut<[T; N]>,
{
    type Mut<'__a> = <Lock<[T; N]> as sdk::core::__private::LendMut<[T; N]>>::Mut<'__a>
    where
        Self: '__a;
    fn lend_mut(
        &self,
    ) -> impl ::core::future::Future<Output = Self::Mut<'_>> + ::core::marker::Send {
        sdk::core::__private::LendMut::<[T; N]>::lend_mut(&self.1)
    }
}
