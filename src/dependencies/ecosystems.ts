/**
 * @module
 * The ways to declare dependencies that are known, each installed as its own tool does it.
 */
import type { Ecosystem } from "./ecosystem.ts";

/** Where they are inside, but for npm's: Node looks for those in folders of this name only. */
const inside = "/opt/glovebox/dependencies";

/** Where pip is told what to install: what a project calls so is not looked at. */
export const requirementsFile = ".glovebox-requirements.txt";

const pip: Ecosystem = {
  id: "pip",
  languages: ["python"],
  extensions: [".py"],
  commands: /^(python3?(?! -m (pip|venv|ensurepip)\b)|flask|gunicorn|uvicorn|django-admin)( |$)/,
  interpreter: "python3",
  tool: { program: "pip3", debian: "python3-pip" },
  manifests: ["requirements.txt", "pyproject.toml"],
  declares: (text) => /^\s*[^#\s]/m.test(text),
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
  path: `${inside}/pip`,
  env: { PYTHONPATH: `${inside}/pip` },
  functionFolder: "",
  programs: "bin",
};

/** Pip speaks plain HTTP only with hosts that it is told to trust. */
function trustedHost(registry: string): readonly string[] {
  const { protocol, hostname } = new URL(registry);
  return protocol === "http:" ? ["--trusted-host", hostname] : [];
}

/** What is no JSON is left to npm, which has the message. */
function hasNpmDependencies(text: string): boolean {
  try {
    const { dependencies, optionalDependencies, workspaces } = JSON.parse(text) as Record<
      string,
      object | undefined
    >;
    return [dependencies, optionalDependencies, workspaces].some(
      (each) => Object.keys(each ?? {}).length > 0,
    );
  } catch {
    return true;
  }
}

const npm: Ecosystem = {
  id: "npm",
  languages: ["javascript", "typescript", "coffeescript"],
  extensions: [".js", ".mjs", ".cjs"],
  commands: /^node( |$)/,
  interpreter: "node",
  tool: { program: "npm", debian: "npm" },
  manifests: ["package.json"],
  declares: hasNpmDependencies,
  companions: /^(package-lock|npm-shrinkwrap)\.json$/,
  ownFolder: "node_modules",
  registry: "https://registry.npmjs.org/",
  fileHosts: [],
  install: (registry, files) => ({
    argv: [
      ...["npm", files.some(({ path }) => path !== "package.json") ? "ci" : "install"],
      ...["--no-audit", "--no-fund", "--no-update-notifier", "--omit=dev", "--loglevel=error"],
      ...["--registry", registry, "--replace-registry-host=always", "--no-bin-links"],
    ],
    env: {
      npm_config_userconfig: "/dev/null",
      npm_config_cache: "/tmp/npm",
      // A registry that does not answer must not hold a run up for minutes.
      npm_config_fetch_retries: "1",
      npm_config_fetch_timeout: "30000",
    },
    result: "node_modules",
  }),
  // ESM knows no NODE_PATH; the root is above all folders.
  path: "/node_modules",
  env: {},
  functionFolder: "node_modules",
};

const gem: Ecosystem = {
  id: "gem",
  languages: ["ruby"],
  extensions: [".rb"],
  commands: /^(ruby|rails|rake)( |$)/,
  interpreter: "ruby",
  tool: { program: "bundle", debian: "ruby-bundler" },
  manifests: ["Gemfile"],
  declares: (text) => /^\s*(gem|gemspec)\b/m.test(text),
  companions: /^Gemfile\.lock$/,
  ownFolder: "vendor/bundle",
  registry: "https://rubygems.org/",
  fileHosts: ["index.rubygems.org"],
  install: (registry) => ({
    argv: ["bundle", "install", "--jobs", "2", "--retry", "1"],
    env: {
      BUNDLE_PATH: "out",
      BUNDLE_WITHOUT: "development:test",
      BUNDLE_DISABLE_VERSION_CHECK: "true",
      BUNDLE_TIMEOUT: "30",
      BUNDLE_MIRROR__ALL: registry,
    },
    result: ".",
  }),
  path: `${inside}/gem`,
  env: {
    BUNDLE_GEMFILE: `${inside}/gem/Gemfile`,
    BUNDLE_PATH: `${inside}/gem/out`,
    BUNDLE_FROZEN: "true",
    RUBYOPT: "-rbundler/setup",
  },
};

const go: Ecosystem = {
  id: "go",
  languages: ["go"],
  extensions: [],
  commands: /^go (run|build|test|vet)( |$)/,
  interpreter: "go",
  tool: { program: "go", debian: "golang" },
  manifests: ["go.mod"],
  declares: (text) => /^\s*require\b/m.test(text),
  companions: /^go\.sum$/,
  ownFolder: "vendor",
  registry: "https://proxy.golang.org/",
  fileHosts: ["sum.golang.org"],
  install: (registry, _files, place) => ({
    argv: ["go", "mod", "download"],
    env: {
      GOPROXY: registry,
      GOMODCACHE: "/workspace/out",
      GOFLAGS: "-modcacherw",
      GOTOOLCHAIN: "local",
      GOCACHE: "/tmp/.go-cache",
      // What a registry of one's own has, the public list of checksums does not know.
      ...(place === "other" ? { GOSUMDB: "off" } : {}),
    },
    result: "out",
  }),
  path: `${inside}/go`,
  env: {
    GOMODCACHE: `${inside}/go`,
    GOPROXY: "off",
    GOSUMDB: "off",
    GOFLAGS: "-buildvcs=false -mod=mod",
  },
  takesManifest: true,
};

export const ecosystems: readonly Ecosystem[] = [pip, npm, gem, go];
