/** Homeport's mark: an anchor that is also a port's light. */
export function Mark({ size }: { readonly size: number }): React.JSX.Element {
  return <img src="/favicon.svg" width={size} height={size} alt="" />;
}
