# cause: config-error
# lines: 2-7
# needs: terraform
export TF_CLI_CONFIG_FILE=/dev/null
printf 'output "url" { value = var.host }\n' > main.tf
terraform validate -no-color
