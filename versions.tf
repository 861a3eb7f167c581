terraform {
  # 1.9: a variable's validation may look at other variables.
  required_version = ">= 1.9"

  required_providers {
    coder = {
      source = "coder/coder"
      # 2.5: group of a coder_app.
      version = ">= 2.5"
    }
  }
}
