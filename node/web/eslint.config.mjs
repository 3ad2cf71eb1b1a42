// SPDX-License-Identifier: GPL-3.0-or-later
// The rules for the pages' sources. Prettier decides on the layout; these rules are about meaning.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

const sizes = {
    'max-lines': ['error', 600],
    'max-lines-per-function': ['error', { max: 60 }],
};

export default tseslint.config(
    { ignores: ['node_modules/'] },
    eslint.configs.recommended,
    {
        files: ['**/*.mjs'],
        languageOptions: {
            globals: { Buffer: 'readonly', console: 'readonly', process: 'readonly' },
        },
        rules: sizes,
    },
    {
        files: ['src/**/*.{ts,tsx}'],
        extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
        languageOptions: {
            parserOptions: {
                projectService: true,
                tsconfigRootDir: path.dirname(fileURLToPath(import.meta.url)),
            },
        },
        rules: {
            ...sizes,
            eqeqeq: 'error',
            // Modules import one another; nothing is passed on through the window.
            'no-restricted-syntax': [
                'error',
                {
                    selector: 'AssignmentExpression > MemberExpression.left[object.name="window"]',
                    message: 'Export it, or pass it as an argument.',
                },
            ],
            // Functions that format put numbers into templates.
            '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
            '@typescript-eslint/no-confusing-void-expression': [
                'error',
                { ignoreArrowShorthand: true },
            ],
            // () => fetchSomething() in an event handler is fine: it reports its own errors.
            '@typescript-eslint/no-misused-promises': [
                'error',
                { checksVoidReturn: { attributes: false } },
            ],
        },
    },
);
