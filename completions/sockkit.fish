# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_sockkit_global_optspecs
    string join \n json explain q/quiet v/verbose color= h/help V/version
end

function __fish_sockkit_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_sockkit_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_sockkit_using_subcommand
    set -l cmd (__fish_sockkit_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c sockkit -n "__fish_sockkit_needs_command" -l color -d 'When to use colours; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_needs_command" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_needs_command" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_needs_command" -s q -l quiet -d 'Say nothing but errors\' exit statuses'
complete -c sockkit -n "__fish_sockkit_needs_command" -s v -l verbose -d 'Say more'
complete -c sockkit -n "__fish_sockkit_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c sockkit -n "__fish_sockkit_needs_command" -s V -l version -d 'Print version'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "fqdn" -d 'Show a host\'s fully qualified domain name (gethostname, getfqdn)'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c sockkit -n "__fish_sockkit_needs_command" -f -a "man" -d 'Print the man page, or write all of them'
complete -c sockkit -n "__fish_sockkit_using_subcommand fqdn" -l color -d 'When to use colours; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand fqdn" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand fqdn" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand fqdn" -s q -l quiet -d 'Say nothing but errors\' exit statuses'
complete -c sockkit -n "__fish_sockkit_using_subcommand fqdn" -s v -l verbose -d 'Say more'
complete -c sockkit -n "__fish_sockkit_using_subcommand fqdn" -s h -l help -d 'Print help'
complete -c sockkit -n "__fish_sockkit_using_subcommand completions" -l color -d 'When to use colours; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand completions" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand completions" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand completions" -s q -l quiet -d 'Say nothing but errors\' exit statuses'
complete -c sockkit -n "__fish_sockkit_using_subcommand completions" -s v -l verbose -d 'Say more'
complete -c sockkit -n "__fish_sockkit_using_subcommand completions" -s h -l help -d 'Print help'
complete -c sockkit -n "__fish_sockkit_using_subcommand man" -l color -d 'When to use colours; NO_COLOR is honoured' -r -f -a "auto\t''
always\t''
never\t''"
complete -c sockkit -n "__fish_sockkit_using_subcommand man" -l json -d 'Print events as JSON, one object a line'
complete -c sockkit -n "__fish_sockkit_using_subcommand man" -l explain -d 'Show every socket call on stderr as it happens'
complete -c sockkit -n "__fish_sockkit_using_subcommand man" -s q -l quiet -d 'Say nothing but errors\' exit statuses'
complete -c sockkit -n "__fish_sockkit_using_subcommand man" -s v -l verbose -d 'Say more'
complete -c sockkit -n "__fish_sockkit_using_subcommand man" -s h -l help -d 'Print help'
