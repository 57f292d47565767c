/**
 * @module
 * Python's: pip.
 */
import { dependenciesFolder, type Ecosystem } from "../ecosystem.ts";

/** Where pip is told what to install: what a project calls so is not looked at. */
export const requirementsFile = ".glovebox-requirements.txt";

export const pip: Ecosystem = {
  id: "pip",
  languages: ["python"],
  extensions: [".py"],
  commands: /^(python3?(?! -m (pip|venv|ensurepip)\b)|flask|gunicorn|uvicorn|django-admin)( |$)/,
  interpreter: "python3",
  tool: { program: "pip3", debian: "python3-pip" },
  manifests: ["requirements.txt", "pyproject.toml"],
  declares: (text) => /^[ \t]*[^#\s]/m.test(text),
  companions: /^(requirements|constraints)[\w.-]*\.txt$/,
  registry: "https://pypi.org/simple/",
  fileHosts: ["files.pythonhosted.org"],
  install: (registry, files) => ({
    argv: [
      ...["python3", "-m", "pip", "install", "--no-input", "--disable-pip-version-check"],
      ...["--no-cache-dir", "--no-warn-script-location", "--no-compile", "--target", "out"],
      ...["--index-url", registry, ...trustedHost(registry)],
      ...["-r", files[0]?.path.endsWith(".toml") === true ? requirementsFile : "requirements.txt"],
    ],
    // A distribution's own configuration may forbid what only it means for its own folders.
    env: {
      PIP_CONFIG_FILE: "/dev/null",
      PIP_ROOT_USER_ACTION: "ignore",
      ...{ PIP_DEFAULT_TIMEOUT: "30", PIP_RETRIES: "1" },
    },
    result: "out",
  }),
  path: `${dependenciesFolder}/pip`,
  env: { PYTHONPATH: `${dependenciesFolder}/pip` },
  functionFolder: "",
  programs: "bin",
};

/** Pip speaks plain HTTP only with hosts that it is told to trust. */
function trustedHost(registry: string): readonly string[] {
  const { protocol, hostname } = new URL(registry);
  return protocol === "http:" ? ["--trusted-host", hostname] : [];
}
