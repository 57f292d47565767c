import eslint from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const sizes = (maxLines, maxFunctionLines) => ({
  "max-lines": ["error", { max: maxLines }],
  "max-lines-per-function": ["error", { max: maxFunctionLines }],
});

const nodeGlobals = ["process", "Buffer", "URL", "setTimeout", "clearTimeout"];

const noDefaultExport = {
  selector: "ExportDefaultDeclaration",
  message: "Export by name: one name per thing, everywhere.",
};
const noReExport = {
  selector: "ExportAllDeclaration",
  message: "Name what is exported, so that a reader finds where it comes from.",
};

export default defineConfig(
  { ignores: ["dist/", "examples/", "languages/", "test/programs/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  eslint.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      ...sizes(300, 60),
      "no-restricted-syntax": ["error", noDefaultExport, noReExport],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      // Numbers in messages are what people read; everything else must be made a string on purpose.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // describe() and test() of vitest: a promise that they return is not for the caller.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // An interface that promises is served by functions that have nothing to wait for, too.
      "@typescript-eslint/require-await": "off",
      eqeqeq: "error",
    },
  },
  {
    files: ["{src,web}/**/*.{ts,tsx}"],
    rules: { "no-console": "error" },
  },
  {
    files: ["**/*.test.ts", "test/**/*.ts", "bench/**/*.ts"],
    rules: {
      "max-lines": "off",
      "max-lines-per-function": "off",
      // Inside a test the failure of a `!` is the failure of the test.
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    files: ["*.config.ts", "web/*.config.ts", "web/src/virtual.d.ts"],
    rules: { "no-restricted-syntax": "off" },
  },
  {
    files: ["**/*.{js,mjs}", "bin/glovebox"],
    languageOptions: {
      globals: Object.fromEntries(nodeGlobals.map((name) => [name, "readonly"])),
    },
    rules: sizes(300, 60),
  },
);
