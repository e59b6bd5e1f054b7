/** The page's entry: puts the UI into its element. */
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './theme/theme.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';

const element = document.getElementById('root');
if (element === null) throw new Error('the page has no element to put the UI into');
createRoot(element).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
