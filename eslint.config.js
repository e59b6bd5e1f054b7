/** Lint rules: typescript-eslint's strict type-checked set, and this project's own (docs/decisions and CONTRIBUTING.md say why). */
import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const never = (selector, message) => ({ selector, message });

export default defineConfig(
  globalIgnores(['dist/', 'proto/generated/', 'web-gateway/ui/dist/', 'web-gateway/ui/src/api/generated/', 'homeport-data/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        never('ExportDefaultDeclaration', 'Export by name: a name that can be searched for.'),
        never('TSEnumDeclaration', 'Use a union of literals: enums are not erasable.'),
        never('TSModuleDeclaration[kind="namespace"]', 'Use modules: namespaces are not erasable.'),
        never('ExportAllDeclaration', 'Import from the file that has it: no barrels.'),
        never('MemberExpression[property.name="resetAndDestroy"]', 'Use proto/reset-socket.ts: at a bad moment this leaves the connection behind.'),
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      // `return refuse(…)` ends a function that returns nothing either.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // What createX returns are closures: none of them uses `this`.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/no-invalid-void-type': ['error', { allowInGenericTypeArguments: true, allowAsThisParameter: true }],
      // 'start' | 'end' | Position says more than string does.
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      // Implementing an async port by a function that has nothing to wait for is right.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // expect(x).to.be.true
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
  {
    files: ['web-gateway/ui/**/*.{ts,tsx}'],
    extends: [reactHooks.configs.flat['recommended-latest']],
    rules: {
      // It speaks of React's compiler, which is not used.
      'react-hooks/incompatible-library': 'off',
    },
  },
  {
    // Vite wants it so.
    files: ['web-gateway/ui/vite.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    files: ['bench/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.js'],
    languageOptions: { globals: { process: 'readonly', URL: 'readonly', AbortSignal: 'readonly' } },
  },
  {
    files: ['docs/examples/**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', setTimeout: 'readonly' } },
  },
);
