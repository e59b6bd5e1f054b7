/** How the web UI is built: into dist/, each file also compressed, so that the server only sends. `vite web-gateway/ui` serves it while it is written. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** A server to talk to while developing; see CONTRIBUTING.md. */
const server = process.env['HOMEPORT_URL'] ?? 'https://localhost:9443';

export default defineConfig({
  plugins: [react(), compressed()],
  // Browsers that know light-dark(): written for older ones it would need a color-scheme of our own, and Mantine sets it.
  build: { target: 'es2023', cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'], sourcemap: false, chunkSizeWarningLimit: 700, reportCompressedSize: false },
  server: { proxy: { '/api': { target: server, changeOrigin: true, secure: false, ws: true } } },
});

/** Puts a .br and a .gz beside each file that is worth it. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle({ dir = '' }) {
      for (const name of readdirSync(dir, { recursive: true }).map(String)) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue;
        const file = path.join(dir, name);
        const content = readFileSync(file);
        if (content.length < 1024) continue;
        writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
        writeFileSync(`${file}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }));
      }
    },
  };
}
