import js from "@eslint/js";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/**", "node_modules/**", "examples/**", "htdocs/**", "test/**/fixtures/**"] },
  js.configs.recommended,
  tseslint.configs.recommendedTypeChecked,
  { languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js"] } } } },
  // An underscore says that leaving something out is the point: const { failure: _, ...rest }.
  { rules: { "@typescript-eslint/no-unused-vars": ["error", { varsIgnorePattern: "^_", ignoreRestSiblings: true }] } },
  // chai's assertions are property reads.
  { files: ["test/**"], rules: { "@typescript-eslint/no-unused-expressions": "off" } },
);
