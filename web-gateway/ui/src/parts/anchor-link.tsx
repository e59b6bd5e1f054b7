/** A link in the look of the rest, to a page that the router knows: its address is checked where it is written. */
import { Anchor, type AnchorProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';

interface PlainAnchorProps extends Omit<AnchorProps, 'href'> {
  readonly children?: React.ReactNode;
  readonly ref?: React.Ref<HTMLAnchorElement>;
}

function PlainAnchor(props: PlainAnchorProps): React.JSX.Element {
  return <Anchor {...props} />;
}

export const AnchorLink = createLink(PlainAnchor);
