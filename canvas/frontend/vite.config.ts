// How the bundle is made: one ES module with its styles inside, minified, no code splitting.
import { defineConfig } from "vite";

export default defineConfig(({ command }) => ({
  // Only for builds: the test runner needs React's development build.
  define: command === "build" ? { "process.env.NODE_ENV": JSON.stringify("production") } : {},
  oxc: { jsx: { runtime: "automatic" } },
  build: {
    target: "es2022",
    outDir: "dist",
    cssCodeSplit: false,
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "canvas.js" },
    rolldownOptions: { output: { codeSplitting: false, minify: true } },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"] },
}));
