"""What every page needs to know: the instance's name and whether its data are simulated."""


def shell(request):
    return {}
