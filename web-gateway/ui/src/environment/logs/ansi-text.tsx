/**
 * A line as a terminal would show it: colours and weights as its escape sequences say, everything else of them left out. What turns the order of
 * its characters is shown as what it is.
 */
import { Fragment, memo } from 'react';
import { withVisibleControls } from '../../api/visible-controls.ts';

interface Style {
  readonly color?: string;
  readonly fontWeight?: number;
  readonly textDecoration?: string;
  readonly fontStyle?: string;
}

/** Each readable on both backgrounds (4.5 to 1). */
const COLOURS: readonly string[] = ['light-dark(#3b4648, #9fb0b6)', 'light-dark(#a8261c, #ff9b93)', 'light-dark(#1a6b3c, #6fd198)', 'light-dark(#7d4e00, #f5c169)', 'light-dark(#1d4f9c, #8ab6ff)', 'light-dark(#8a2a7a, #f0a0e0)', 'light-dark(#0f5566, #76c7d1)', 'light-dark(#344042, #dbe3e6)'];
// eslint-disable-next-line no-control-regex
const ESCAPES = /\u001b(?:\[([0-9;:?]*)([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/g;

export const AnsiText = memo(function AnsiText({ text, search }: { readonly text: string; readonly search: string }): React.JSX.Element {
  if (!text.includes('\u001b')) return <Marked text={shown(text)} search={search} />;
  return (
    <>
      {spansOf(text).map(({ text: part, style }, index) => (
        <span key={index} style={style}>
          <Marked text={part} search={search} />
        </span>
      ))}
    </>
  );
});

function shown(text: string): string {
  return withVisibleControls(text.replace(CONTROLS, ''));
}

function spansOf(text: string): readonly { readonly text: string; readonly style: Style }[] {
  const spans: { text: string; style: Style }[] = [];
  let style: Style = {};
  let from = 0;
  for (const found of text.matchAll(ESCAPES)) {
    if (found.index > from) spans.push({ text: shown(text.slice(from, found.index)), style });
    if (found[2] === 'm') style = styled(style, found[1] ?? '');
    from = found.index + found[0].length;
  }
  spans.push({ text: shown(text.slice(from)), style });
  return spans;
}

function styled(before: Style, parameters: string): Style {
  let style = before;
  const codes = parameters.split(/[;:]/).map(Number);
  for (let index = 0; index < codes.length; index += 1) {
    const code = codes[index] ?? 0;
    if (code === 0) style = {};
    else if (code === 1) style = { ...style, fontWeight: 700 };
    else if (code === 3) style = { ...style, fontStyle: 'italic' };
    else if (code === 4) style = { ...style, textDecoration: 'underline' };
    else if (code === 22) style = { ...style, fontWeight: 400 };
    else if (code === 39) style = { ...style, color: 'inherit' };
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) style = { ...style, color: COLOURS[code % 10] ?? 'inherit' };
    // Of 256 colours the first are these; the others would not be readable on both backgrounds.
    else if (code === 38) {
      if (codes[index + 1] === 5) style = { ...style, color: COLOURS[(codes[index + 2] ?? 7) < 16 ? (codes[index + 2] ?? 7) % 8 : 7] ?? 'inherit' };
      index += codes[index + 1] === 2 ? 4 : 2;
    } else if (code === 48) index += codes[index + 1] === 2 ? 4 : 2;
  }
  return style;
}

function Marked({ text, search }: { readonly text: string; readonly search: string }): React.JSX.Element {
  if (search === '') return <>{text}</>;
  const parts: React.ReactNode[] = [];
  const [lower, wanted] = [text.toLowerCase(), search.toLowerCase()];
  let from = 0;
  for (let at = lower.indexOf(wanted); at !== -1; at = lower.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + search.length)}</mark>);
    from = at + search.length;
  }
  parts.push(text.slice(from));
  return <>{parts.map((part, index) => <Fragment key={index}>{part}</Fragment>)}</>;
}
