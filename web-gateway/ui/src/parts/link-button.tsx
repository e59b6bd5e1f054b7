/** A link that looks like a button: it leads somewhere, and can be opened in another tab. */
import { Button, type ButtonProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';

type AnchorProps = Omit<React.ComponentPropsWithRef<'a'>, keyof ButtonProps> & ButtonProps;

function AnchorButton(props: AnchorProps): React.JSX.Element {
  return <Button component="a" {...props} />;
}

/** Takes what a link takes (`to`, `params`, `search`) and what a button does. */
export const LinkButton = createLink(AnchorButton);
