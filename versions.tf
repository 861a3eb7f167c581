terraform {
  # 1.9: a variable's validation may look at other variables.
  required_version = ">= 1.9"

  required_providers {
    coder = {
      source = "coder/coder"
      # 2.13: data source coder_task.
      version = ">= 2.13"
    }
  }
}
