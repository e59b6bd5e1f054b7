/** What a tab's list is filtered by: it is in the address, as everything that a page shows. */
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTypedText } from '../../list/use-typed-text.ts';

/** @param name of two lists on one tab each has its own */
export function useListFilter(name: 'filter' | 'nodeFilter' = 'filter'): readonly [text: string, type: (text: string) => void] {
  const { [name]: said } = useSearch({ from: '/environments/$id' });
  const navigate = useNavigate({ from: '/environments/$id' });
  return useTypedText(said, (text) => void navigate({ search: ({ [name]: _, ...now }) => (text === undefined ? now : { ...now, [name]: text }), replace: true, resetScroll: false }));
}
