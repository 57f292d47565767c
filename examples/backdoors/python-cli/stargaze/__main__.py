"""Shows how many stars a project has."""
import json
import sys

from .cache import stars

project = sys.argv[1] if len(sys.argv) > 1 else "example/project"
print(json.dumps({"project": project, "stars": stars(project)}))
