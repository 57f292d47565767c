/**
 * @module
 * What was run, as its user would say it.
 */
import type { RunForm } from "../run-form.ts";

export function asWritten(form: RunForm): string {
  switch (form.kind) {
    case "file":
      return form.file === "-" ? "code from stdin" : (form.written ?? form.file);
    case "code":
      return `${form.language} code`;
    case "command":
      return form.argv.join(" ");
    case "package":
      return [form.package.name, ...form.args].join(" ");
  }
}
