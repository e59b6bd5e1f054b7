/** The look: the colours of a harbour in the evening, and Mantine's components drawn in them. */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

/** Water: what can be acted on. */
const harbour: MantineColorsTuple = ['#e8f4f5', '#d3e7ea', '#a6d0d6', '#76b7c1', '#4fa2af', '#36939f', '#267f8d', '#17697a', '#0f5566', '#083f4d'];
/** The light at its end: the past, and what wants a look. */
const beacon: MantineColorsTuple = ['#fff6e1', '#ffeccd', '#fad79d', '#f5c169', '#f1ae3d', '#eea221', '#c98206', '#9c6200', '#7d4e00', '#5c3900'];
/** Neutral surfaces in the dark, a little blue. */
const dark: MantineColorsTuple = ['#dbe3e6', '#b9c5ca', '#95a5ab', '#6c7d84', '#41525a', '#2f3f47', '#223139', '#18252c', '#111c22', '#0b1418'];
const gray: MantineColorsTuple = ['#f7f8f7', '#eff1f0', '#e3e7e6', '#d3d9d8', '#b7c0c0', '#94a0a1', '#6a7778', '#4c595b', '#344042', '#1d2729'];

/** For the whole page: main.tsx. */
export const theme = createTheme({
  colors: { harbour, beacon, dark, gray },
  primaryColor: 'harbour',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.3,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '1.5rem', lineHeight: '1.3' }, h2: { fontSize: '1.15rem', lineHeight: '1.4' }, h3: { fontSize: '1rem', lineHeight: '1.4' } } },
  components: {
    // Said once for all: a hint that only a mouse can reach is none.
    Tooltip: { defaultProps: { withArrow: true, openDelay: 250, events: { hover: true, focus: true, touch: true } } },
    // A place for the focus that is no item is no part of a menu (WAI-ARIA).
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    PasswordInput: { defaultProps: { visibilityToggleButtonProps: { 'aria-label': 'Show what is typed' } } },
    Table: { defaultProps: { verticalSpacing: 'xs' } },
    // The head of a dialog is no banner of the page.
    Modal: { defaultProps: { centered: true, closeButtonProps: { 'aria-label': 'Close' }, attributes: { header: { role: 'presentation' } } } },
    Drawer: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' }, attributes: { header: { role: 'presentation' } } } },
  },
});

/** Text that is not the main thing, and words in a tone, keep a contrast of 4.5 to 1 on every surface (WCAG 2.2, 1.4.3). */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: { '--mantine-color-dimmed': '#566365', '--mantine-color-body': '#fbfbf9', '--mantine-color-placeholder': '#667375', '--mantine-color-error': '#b3261e', '--homeport-surface': '#ffffff', '--homeport-line': '#e1e6e5', '--homeport-good': '#1a6b3c', '--homeport-bad': '#a8261c', '--homeport-warning': '#7d4e00', '--homeport-busy': '#17697a' },
  dark: { '--mantine-color-dimmed': '#9fb0b6', '--mantine-color-body': '#0f191e', '--mantine-color-placeholder': '#8b9da4', '--mantine-color-error': '#ff9b93', '--homeport-surface': '#152128', '--homeport-line': '#263640', '--homeport-good': '#6fd198', '--homeport-bad': '#ff9b93', '--homeport-warning': '#f5c169', '--homeport-busy': '#76b7c1' },
});
